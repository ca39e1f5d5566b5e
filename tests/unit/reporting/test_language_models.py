"""The atlas of a run in which language models explain and judge: scores, choice and price."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
import reporting_factory as factory
from event_rows import write_items
from golden_files import expect_golden
from places import SCRIPTS, TEMPLATES
from reporting_factory import ATTACK, EVERY_HEAD, RECIPE, RUN, write_run

from headatlas.items import QUESTIONS, read_items
from headatlas.records.explanation import Behaviour, Candidate, Explanation
from headatlas.records.head import HeadRecord
from headatlas.records.judgement import Answer, Judgement
from headatlas.records.scores import HeadScores, Score
from headatlas.records.spending import USAGE
from headatlas.records.usage import Usage
from headatlas.reporting import formats
from headatlas.reporting.atlas import build
from headatlas.reporting.inputs import Inputs, Judged
from headatlas.storage import read_table, write_record
from headatlas.verdict import verdict_on

ITEMS, SEED = 12, 0
SPENT = Usage(calls=3, retries=1, input_tokens=1000, output_tokens=20, dollars=0.0005, seconds=2)
MARGINS = {  # the bounds of the margins of both questions, by head
    "L00H00": (0.2, 0.3),
    "L00H01": (-0.1, 0.005),
    "L01H00": (-0.1, 0.02),
    "L01H01": (None, None),
}


def candidate(round: int, number: int, text: str, score: float | None) -> Candidate:
    reason = None if score is not None else f"no answer {ATTACK}"
    behaviour = Behaviour(
        attends_to=text,
        active_when="",
        family="<b>family</b>",
        purpose=f"to serve {text}",
        frequency=None,
    )
    return Candidate(
        round=round, number=number, summary=text, behaviours=[behaviour], score=score, reason=reason
    )


def explained(name: str) -> Explanation:
    """By a language model that proposed twice in two rounds; the second of round 0 was kept."""
    before = factory.explanation(int(name[1:3]), int(name[4:]))
    if before.status == "failed":
        return before
    proposed = [
        candidate(0, 0, "one", 0.5),
        candidate(0, 1, f"two {ATTACK}", 0.75),
        candidate(1, 0, "", None),
    ]
    again = {"round": 1, "number": 1, "asked": False}
    proposed.append(proposed[1].model_copy(update=again))
    return before.model_copy(
        update={
            "summary": proposed[1].summary,
            "behaviours": proposed[1].behaviours,
            "program": None,
            "candidates": proposed,
            "usage": SPENT,
        }
    )


def scored(name: str) -> HeadScores:
    scores = [
        Score(split="test", metric="attention_correlation", value=None, n=0, reason="no program")
    ]
    for bound, question in zip(MARGINS.get(name, (None, None)), ("pair_", ""), strict=True):
        reason = "the budget is spent" if bound is None else None
        for metric, value in (
            ("detection_auroc", 0.8),
            ("detection_auroc_control", 0.55),
            ("detection_auroc_margin", 0.25),
        ):
            scores.append(
                Score(
                    split="test",
                    metric=f"{question}{metric}",
                    value=value if bound is not None else None,
                    low=bound,
                    high=0.9 if bound is not None else None,
                    n=20 if bound is not None else 0,
                    reason=reason,
                )
            )
    about = factory.scores(int(name[1:3]), int(name[4:]))
    return about.model_copy(
        update={"verdict": verdict_on(explained(name), scores), "scores": scores}
    )


def _items(inputs: Inputs, layer: int) -> Path:
    return inputs.explanations.with_name("items") / f"layer{layer:02d}.parquet"


def judged(name: str, inputs: Inputs) -> Judgement:
    """Every other answer is right, with a reply that is hostile; a failed head has none."""
    about = factory.explanation(int(name[1:3]), int(name[4:]))
    drawn = read_items(_items(inputs, about.layer), about.head)["test"]
    items = [item for item in drawn if item.question in QUESTIONS]
    answers = [
        Answer(
            split="test",
            **dict(zip(("question", "window", "query", "key"), item[:4], strict=True)),
            control=control,
            probability=(0.125 + 0.75 * item.holds, 0.0, None)[n % 3],
            reply=f"CONTROL {ATTACK}" if control else ("yes", "No.", ATTACK * 50)[n % 3],
        )
        for control in (None, "L00H02")
        for n, item in enumerate(items if about.status == "explained" else [])
    ]
    told = {key: getattr(about, key) for key in HeadRecord.model_fields}
    return Judgement(**told, reason=None, answers=answers, usage=SPENT)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a run of round 1 in `run`, those of round 0 beside it, and its atlas."""
    tmp_path = tmp_path_factory.mktemp("models")
    folder = tmp_path / "run"
    inputs = write_run(folder)
    for layer, events in enumerate(inputs.events):
        write_items(_items(inputs, layer), events, ITEMS, SEED)
    for name in EVERY_HEAD:
        write_record(folder / f"explanations/{name}.json", explained(name))
        first = explained(name).model_copy(update={"round": 0})
        write_record(tmp_path / f"round0/explanations/{name}.json", first)
        write_record(folder / f"scores/{name}.json", scored(name))
        write_record(folder / f"judgements/{name}.json", judged(name, inputs))
    command = [sys.executable, str(SCRIPTS / "count_usage.py"), "--heads", *EVERY_HEAD]
    command += ["--rounds", str(tmp_path / "round0"), str(folder)]
    subprocess.run([*command, "--out", str(tmp_path / "usage.parquet")], check=True)
    out = tmp_path / "atlas"
    build(
        RUN,
        inputs._replace(
            usage=tmp_path / "usage.parquet", judged=Judged(folder / "judgements", folder / "items")
        ),
        RECIPE,
        out,
        templates=TEMPLATES,
        exemplars=1,
    )
    return out


def test_usage_has_a_row_for_every_step(run: Path) -> None:
    rows = read_table(run.parent / "usage.parquet", USAGE).to_pylist()
    # Four heads are explained in two rounds, and every head is judged.
    assert len(rows) == 4 * 2 + 6
    steps = [(row["round"], row["step"]) for row in rows if (row["layer"], row["head"]) == (0, 0)]
    assert steps == [(0, "explain"), (1, "explain"), (1, "judge")]
    assert {row["dollars"] for row in rows} == {0.0005}


def test_detection_decides_where_nothing_predicts_attention(run: Path) -> None:
    with (run / "summary.csv").open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    # Either question is enough; without an answer nothing is compared.
    statuses = {name: rows[name]["status"] for name in MARGINS}
    assert statuses == {
        "L00H00": "explained",
        "L00H01": "unexplained",
        "L01H00": "explained",
        "L01H01": "not compared",
    }
    assert rows["L00H01"]["reason"] == (
        "not above control: pair detection AUROC margin 0.25 [−0.10, 0.90], "
        "detection AUROC margin 0.25 [0.01, 0.90] on test documents"
    )
    assert rows["L01H01"]["reason"] == "nothing to compare: the budget is spent"
    assert rows["L00H00"]["pair_detection_auroc_control"] == "0.55"
    assert "attention_correlation" not in rows["L00H00"]


def test_the_page_of_a_head_tells_how_it_was_chosen(run: Path) -> None:
    page = (run / "heads/L00H00.html").read_text()
    section = page[page.index('id="candidates"') : page.index('id="scores"')]
    assert section.count("<tr>") == 5
    assert section.count(">kept<") == 1
    kept = section[: section.index(">kept<")].rsplit("<tr>", 1)[1]
    first, *later = '<td class="number">0</td>', '<td class="number">2</td>', ">0.75</td>"
    assert kept.startswith(first) and all(cell in kept for cell in later)
    again = section.rsplit("<tr>", 1)[1]
    assert "not asked again: the prompt is that of an earlier candidate" in again
    assert section.count("not asked again") == 1
    assert "9 replies (3 attempts were repeated), 3,000 tokens in and 60 out: $0.0015." in section
    assert "<script>alert" not in page
    assert "Pair detection AUROC" in page
    assert (
        "of what even attention leaves"
        not in page[page.index('id="behaviours"') : page.index('id="candidates"')]
    )
    assert "Candidates" not in (run / "heads/L00H02.html").read_text()


def test_the_page_of_a_head_shows_what_the_judge_said(run: Path) -> None:
    page = (run / "heads/L00H00.html").read_text()
    section = page[page.index('id="answers"') : page.index('id="metrics"')]
    assert section.count("<details>") == 2 and "<details open" not in section
    cards = section.split('<figure class="card">')[1:]
    assert {card.count('<bdi class="q') for card in cards} == {1}
    assert "judge: yes (yes: 88 %)</span><span>head: yes (" in section
    unusable = [card for card in cards if '<b class="unusable">' in card]
    assert unusable and all("neither yes nor no" in card for card in unusable)
    assert all("Its reply: <bdi>=cmd() &lt;/script&gt;" in card for card in unusable)
    assert all(len(card) < 4000 for card in unusable)
    assert "CONTROL" not in page and "\x00" not in page and "\u202e" not in page
    assert 'id="answers"' not in (run / "heads/L00H02.html").read_text()


def test_golden(run: Path) -> None:
    expect_golden("atlas_judged_L00H00.html", (run / "heads/L00H00.html").read_bytes().decode())


def test_the_report_tells_what_it_cost(run: Path) -> None:
    report = (run / "report.md").read_text()
    # 14 rows of 0.0005 dollars; six heads and three with random weights.
    assert "42 replies (14 attempts were repeated)" in report
    assert "$0.007: $0.00078 per head" in report
    assert "| Pair detection AUROC | 3 |" in report
    assert "$0.00078" in (run / "index.html").read_text()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "$0.00"),
        (0.00001234, "$0.000012"),
        (0.5, "$0.5"),
        (1234.567, "$1,234.57"),
    ],
)
def test_prices(value: float | None, text: str) -> None:
    assert formats.dollars(value) == text
