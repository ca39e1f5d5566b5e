"""What people wrote: the file, the best of several texts, and a head of which nobody wrote."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from event_rows import write_items
from explain_factory import ABOUT, head_events
from llm_factory import make_client
from llm_server import LlmServer
from places import SCRIPTS

from headatlas.explainers.llm.candidates import Trial
from headatlas.explainers.llm.judge import reading_of
from headatlas.explainers.people.explain import NOBODY, explain
from headatlas.explainers.people.table import Line, PeopleError, read_people, texts_of
from headatlas.items import read_items
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.records.ratings import Words
from headatlas.storage import read_record, write_rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rows(tmp_path / "events.parquet", head_events().to_pylist(), EVENTS)
    write_items(tmp_path / "items.parquet", tmp_path / "events.parquet", 4)
    return tmp_path


def trial(folder: Path, server: LlmServer) -> Trial:
    reading = reading_of(head_events(), read_items(folder / "items.parquet", ABOUT.head))
    judge = make_client(server, folder / "replies")
    return Trial(judge, reading.items["validation"], reading.pieces, 1)


def brain(truth: dict[str, bool]) -> Any:
    """A judge that is right under the explanation that says `right`, and wrong under others."""

    def answers(body: dict[str, Any]) -> str:
        told = "\n".join(message["content"] for message in body["messages"])
        passage = body["messages"][-1]["content"]
        return "yes" if truth[passage] == ("right words" in told) else "no"

    return answers


def answers_of(folder: Path) -> dict[str, bool]:
    """What the head does in each passage that a judge is shown."""
    from headatlas.explainers.llm.questions import judge_messages
    from headatlas.explainers.people.explain import told

    reading = reading_of(head_events(), read_items(folder / "items.parquet", ABOUT.head))
    explanation = told(ABOUT, "x")
    return {
        judge_messages(explanation, [item], reading.pieces)[-1]["content"]: item.holds
        for items in reading.items.values()
        for item in items
    }


def test_the_text_that_tells_the_head_best_is_kept(folder: Path) -> None:
    texts = ["Attends to wrong words of the text that came before it, and so on.", "right words."]
    with LlmServer(brain(answers_of(folder))) as server:
        made = asyncio.run(explain(ABOUT, texts, trial(folder, server)))
    assert (made.status, made.summary, made.title) == ("explained", "right words.", "right words")
    assert [(c.summary, c.score) for c in made.candidates] == [(texts[0], 0.0), (texts[1], 1.0)]
    assert made.behaviours == [] and made.program is None
    assert made.usage is not None and made.usage.calls == len(server.requests)


def test_a_head_of_which_nobody_wrote_is_unexplained_and_nobody_is_asked(folder: Path) -> None:
    with LlmServer(brain({})) as server:
        made = asyncio.run(explain(ABOUT, [], trial(folder, server)))
    assert (made.status, made.reason) == ("unexplained", NOBODY) and not server.requests


def test_the_script(folder: Path) -> None:
    line = {"layer": ABOUT.layer, "head": ABOUT.head, "rater": "1", "text": "right words."}
    (folder / "written.jsonl").write_text(json.dumps(line))
    with LlmServer(brain(answers_of(folder))) as server:
        command = [sys.executable, SCRIPTS / "explain_head_people.py", "--model=m", "--corpus=c"]
        command += ["--explainer=people", "--round=0", f"--layer={ABOUT.layer}"]
        command += [f"--head={ABOUT.head}", "--endpoint=one", '--sampling={"model": "tiny"}']
        connection = json.dumps({"one": {"base_url": server.base_url}})
        command += ["--connections", connection, "--replies", folder / "replies"]
        command += ["--written", folder / "written.jsonl", "--out", folder / "out.json"]
        command += ["--events", folder / "events.parquet", "--items", folder / "items.parquet"]
        subprocess.run([*map(str, command)], check=True)
    made = read_record(folder / "out.json", Explanation)
    assert (made.explainer, made.summary) == ("people", "right words.")


def test_csv_and_jsonl_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text('layer,head,rater,text\n0,1,Ann,"Two\nlines, \x1b[31m""q"""\n')
    exported = Words(model="demo", layer=0, head=1, rater="1", text='Two\nlines, "q"')
    (tmp_path / "w.jsonl").write_text(exported.model_dump_json() + "\n\n")
    assert read_people(tmp_path / "w.csv") == [Line(None, 0, 1, "Ann", 'Two lines, "q"')]
    assert read_people(tmp_path / "w.jsonl") == [Line("demo", 0, 1, "1", 'Two lines, "q"')]


def test_texts_are_of_the_head_and_the_model(tmp_path: Path) -> None:
    lines = [
        Line(None, 0, 1, "a", "One."),
        Line("demo", 0, 1, "b", "Two."),
        Line("other", 0, 1, "b", "Three."),
        Line("demo", 0, 1, "c", "One."),
        Line("demo", 1, 0, "c", "Four."),
    ]
    assert texts_of(lines, "demo", 0, 1) == ["One.", "Two."]
    assert texts_of(lines, "demo", 3, 3) == []


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("w.csv", "layer,head,text\n0,1,x\n", "line 2: rater is missing"),
        ("w.csv", "layer,head,rater,text\n0,1,a\n", "line 2: text is missing"),
        ("w.csv", "layer,head,rater,text\n0,1,a,b,c\n", "line 2: 'more' is no column"),
        ("w.csv", "layer,head,rater,text\n-1,1,a,b\n", "line 2: layer is '-1'; allowed: a whole"),
        ("w.csv", "layer,head,rater,text\n0,1,a," + "x" * 2001, "a text of 2001 characters"),
        ("w.csv", "layer,head,rater,text\n", "no explanations"),
        ("w.csv", 'layer,head,rater,text\n0,1,a,"x" y\n', "no CSV"),
        ("w.jsonl", "[1]", "line 1: no JSON object"),
        ("w.jsonl", '{"layer": 0, "head": true, "rater": 1, "text": "x"}', "head is 'True'"),
        ("w.jsonl", '{"layer": 0, "head": 0, "rater": 1, "text": " "}', "a text of 0 characters"),
    ],
)
def test_what_is_no_such_file_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(PeopleError) as caught:
        read_people(path)
    assert problem in str(caught.value) and "allowed: " in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_bytes(b"\xff\xfe\x00")
    for path, problem in (("w.csv", "no text in UTF-8"), ("none.csv", "No such file")):
        with pytest.raises(PeopleError, match=problem):
            read_people(tmp_path / path)
