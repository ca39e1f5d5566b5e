"""Chats to fine-tune on: nothing of a test example is in another part; and a model that learns."""

import copy
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
import pytest
import torch
from places import ROOT, TEMPLATES
from reporting_factory import RUN, explanation
from small_tokenizers import byte_level
from transformers import LlamaConfig, LlamaForCausalLM

from headatlas.explainers.llm.reply import ExplanationReply
from headatlas.exporting.finetuning import parts_of, parts_of_heads, reply_of, write_finetuning
from headatlas.exporting.levels import levels_chat
from headatlas.reading.alike import folds_of, groups_of
from headatlas.reading.atlas import Atlas
from headatlas.records.base import SPLITS, head_name
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Behaviour, Explanation
from headatlas.reporting.environment import environment
from headatlas.storage import write_rows

sys.path.insert(0, str(ROOT / "scripts/tools"))
import distil

HEADS, T = 20, 12
Chat = dict[str, Any]


class Made(Atlas):
    """An atlas of an invented model: what is said of its heads, and what they did.

    Heads 2n and 2n + 1 are twins; every window has text of its own, and says of which it is.
    """

    def __init__(self, folder: Path, corpus: str, moved: str = ""):
        self.folder, self.record = folder, RUN._replace(corpus=corpus)  # type: ignore[assignment]
        names = [head_name(0, head) for head in range(HEADS)]
        twins = [head_name(0, head + 1 - 2 * (head % 2)) for head in range(HEADS)]
        status = ["explained" if head % 5 else "unexplained" for head in range(HEADS)]
        self.heads = pl.DataFrame({"name": names, "status": status, "twins": twins})
        rows = [
            self._event(head, split, kind, n, moved)
            for head in range(HEADS)
            for split in SPLITS
            for kind, n in itertools.product(("top", "random"), range(3))
        ]
        write_rows(folder / "raw_events.parquet", rows, EVENTS)

    def head(self, name: str) -> Explanation:
        told = Behaviour(attends_to=f"the secret of {name}", active_when="", family="secret")
        return explanation(0, 0).model_copy(
            update={"behaviours": [told], "summary": f"about {name}", "status": "explained"}
        )

    def _event(self, head: int, split: str, kind: str, n: int, moved: str) -> dict[str, object]:
        document = f"{split} {n % 2}"
        if document == moved:
            split = "test"
        pieces = ["<s>", *(f" {document}{kind}{n}"[i : i + 2] for i in range(T - 1))]
        return {
            "layer": 0, "head": head, "split": split, "kind": kind, "rank": n,
            "window": n + 3 * (kind == "random") + 10 * SPLITS.index(split),
            "document": document, "context_kind": "prose", "query": 3, "peak": 1.0,
            "tokens": list(range(T)), "pieces": pieces,
            "activation": np.linspace(0, 1, T).tolist(),
            "keys": [0] * T, "weights": [1.0] * T, "value_norm": [1.0] * T,
        }  # fmt: skip


def chats(folder: Path) -> Iterator[tuple[str, str, Chat]]:
    for path in sorted(folder.glob("*/*.jsonl")):
        for line in path.read_text().splitlines():
            yield path.parent.name, path.stem, json.loads(line)


@pytest.fixture(scope="module")
def atlases(tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    folder = tmp_path_factory.mktemp("finetuning")
    return [Made(folder / "a", "one"), Made(folder / "b", "two", moved="train 1")]


@pytest.fixture(scope="module")
def written(atlases: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("written")
    write_finetuning(atlases, out, environment(TEMPLATES))
    return out


def test_no_head_no_twin_no_document_and_no_text_is_in_two_parts(
    written: Path, atlases: list[Any]
) -> None:
    groups = groups_of(atlases)
    seen: dict[str, Mapping[str, set[object]]] = {
        part: {"groups": set(), "documents": set(), "texts": set()} for part in SPLITS
    }
    for _, part, chat in chats(written):
        seen[part]["groups"].add(groups[chat["model"], chat["head"]])
        seen[part]["documents"].update(chat["documents"])
        seen[part]["texts"].update(m["content"] for m in chat["messages"] if m["role"] == "user")
    for one, two in itertools.permutations(SPLITS, 2):
        for kind, found in seen[one].items():
            assert found, (one, kind)
            assert not found & seen[two][kind], (kind, one, two)
        for text in map(str, seen[one]["texts"]):
            assert not any(str(document)[:6] in text for document in seen[two]["documents"])
    said = "".join(
        m["content"] for _, p, c in chats(written) if p == "train" for m in c["messages"]
    )
    for _, part, chat in chats(written):
        assert part == "train" or f"secret of {chat['head']}" not in said


def test_a_document_that_runs_have_in_two_splits_is_left_out(
    written: Path, atlases: list[Any]
) -> None:
    assert "train 1" not in parts_of(atlases).documents
    documents = {document for _, _, chat in chats(written) for document in chat["documents"]}
    assert "train 1" not in documents and "train 0" in documents
    assert "train 1" in parts_of(atlases[:1]).documents


def test_only_heads_whose_explanation_counts_are_learned_from(written: Path) -> None:
    heads = {chat["head"] for _, _, chat in chats(written)}
    assert heads == {head_name(0, head) for head in range(HEADS) if head % 5}


def test_the_explainer_learns_a_reply_that_is_accepted(written: Path) -> None:
    for task, _, chat in chats(written):
        roles = [message["role"] for message in chat["messages"]]
        assert roles == ["system", "user", "assistant"]
        if task == "explainer":
            reply = ExplanationReply.model_validate_json(chat["messages"][2]["content"])
            assert reply.behaviours[0].attends_to == f"the secret of {chat['head']}"
            assert reply.positive_texts == reply.negative_texts == []
    assert reply_of(explanation(0, 0).model_copy(update={"behaviours": []})) is None


def test_the_simulator_learns_the_levels_of_the_head(atlases: list[Any]) -> None:
    event = next(iter_events(atlases[0]))
    asked, levels = levels_chat(atlases[0].head("L00H01"), event, 0.5, np.random.default_rng(0))
    expected = [min(10, round(n / (T - 1) / 0.5 * 10)) for n in range(1, T)]
    assert levels.splitlines() == [f"{n}: {level}" for n, level in enumerate(expected, 1)]
    assert "secret of L00H01" in str(asked[0]["content"])
    assert str(asked[1]["content"]).count('\t"') == T - 1


def iter_events(atlas: Any) -> Iterator[Any]:
    from headatlas.event_rows import events_of
    from headatlas.exporting.finetuning import _heads

    for _, _, table in _heads(atlas.folder / "raw_events.parquet"):
        yield from events_of(table)


def test_a_tenth_of_the_heads_is_for_each_test_and_the_large_group_for_training() -> None:
    groups = {("m", f"h{n}"): ("m", "h0" if n < 12 else f"h{n}") for n in range(20)}
    parts = parts_of_heads(groups)
    assert [[*parts.values()].count(part) for part in SPLITS] == [16, 2, 2]
    assert {parts["m", f"h{n}"] for n in range(12)} == {"train"}
    assert set(parts_of_heads({("m", "a"): ("m", "a"), ("m", "b"): ("m", "b")}).values()) == {
        "train"
    }


def test_heads_of_a_group_are_in_one_fold_and_folds_are_as_large() -> None:
    groups = {("m", f"h{n}"): ("m", f"h{n - n % 2}") for n in range(20)}
    folds = folds_of(groups, 5, 0)
    assert all(folds["m", f"h{n}"] == folds["m", f"h{n + 1}"] for n in range(0, 20, 2))
    assert [[*folds.values()].count(fold) for fold in range(5)] == [4] * 5
    assert folds != folds_of(groups, 5, 1)


TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def test_a_model_that_is_not_there_is_refused_in_a_sentence(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--data", written / "simulator", "--model", tmp_path / "none", "--out", tmp_path / "o"]
    with mock.patch("sys.argv", ["distil.py", *map(str, flags)]), pytest.raises(SystemExit):
        distil.main()
    said = capsys.readouterr().err
    assert f"--model {tmp_path / 'none'}: " in said and "allowed: a chat model's name" in said
    assert "Traceback" not in said


def test_with_two_clusterings_no_chat_is_there_twice(
    written: Path, atlases: list[Any], tmp_path: Path
) -> None:
    write_finetuning([*atlases, again(atlases[0])], tmp_path, environment(TEMPLATES))
    for task in ("explainer", "simulator"):
        name = f"{task}/train.jsonl"
        assert (tmp_path / name).read_text() == (written / name).read_text()


def again(atlas: Any) -> Any:
    """The same run by another clustering."""
    other = copy.copy(atlas)
    other.record = atlas.record._replace(clustering="other")
    return other


def test_a_tiny_model_learns_from_the_chats(written: Path, tmp_path: Path) -> None:
    tokenizer = byte_level()
    tokenizer.chat_template, tokenizer.pad_token = TEMPLATE, tokenizer.bos_token
    tokenizer.save_pretrained(str(tmp_path / "tiny"))
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    config = LlamaConfig(vocab_size=len(tokenizer), num_attention_heads=2, **sizes)
    LlamaForCausalLM(config).save_pretrained(str(tmp_path / "tiny"))
    command = [sys.executable, str(ROOT / "scripts/tools/distil.py"), "--steps", "12"]
    command += ["--data", str(written / "simulator"), "--model", str(tmp_path / "tiny")]
    command += ["--out", str(tmp_path / "out"), "--rate", "0.02", "--accumulate", "1"]
    done = subprocess.run(
        [*command, "--batch", "4", "--tokens", "8192"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    words = done.stdout.splitlines()[-1].split()
    before, after = float(words[-4]), float(words[-2])
    assert after < before - 0.5
    LlamaForCausalLM.from_pretrained(str(tmp_path / "out"))
