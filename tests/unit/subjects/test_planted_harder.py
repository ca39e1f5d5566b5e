"""Harder planted subjects do what their answer key says, by the plainest means from the text."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from headatlas.corpora.python_docs import python_documents
from headatlas.explainers.symbolic.language import parse_source, parse_trigger
from headatlas.storage import read_record
from headatlas.subjects.loading import load_subject
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead
from headatlas.subjects.planted.harder import LISTED, MORE, REACH, ROLES, plant_harder
from headatlas.tokens.pieces import pieces_of
from headatlas.tokens.tokenizer import encode, open_tokenizer

pytestmark = pytest.mark.slow

TOKENS = 100
SEED = 3


def build(noise: str, folder: Path) -> Path:
    texts = [document.text for document in python_documents(held_out=False)]
    plant_harder(SEED, noise, texts, folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("none", tmp_path_factory.mktemp("harder"))


@pytest.fixture(scope="module")
def heads(folder: Path) -> list[PlantedHead]:
    return read_record(folder / ANSWER_KEY, AnswerKey).heads


def even(keys: Sequence[int], length: int) -> np.ndarray:
    row = np.zeros(length)
    row[list(keys) or [0]] = 1 / (len(keys) or 1)
    return row


def weighed(scores: np.ndarray, length: int) -> np.ndarray:
    row = np.zeros(length)
    row[: len(scores)] = np.exp(scores) / np.exp(scores).sum()
    return row


Definition = Callable[[list[str], list[int], set[int], set[int], int], np.ndarray]


def smaller(text: list[str], q: int) -> list[int]:
    if not text[q].strip().isdigit():
        return []
    found = [k for k in range(1, q) if text[k].strip().isdigit() and int(text[k]) < int(text[q])]
    return found[-1:]


def recent(q: int) -> np.ndarray:
    return -(q - np.arange(q + 1)) / REACH


# Of a query: pieces, tokens, the tokens that sources list, those that triggers list, its place.
DEFINITIONS: dict[str, Definition] = {
    "tokens_a": lambda text, ids, keys, when, q: even(
        [k for k in range(1, q + 1) if ids[k] in keys], len(ids)
    ),
    "previous_at_tokens": lambda text, ids, keys, when, q: even(
        [q - 1] if ids[q] in when else [], len(ids)
    ),
    "tokens_at_tokens": lambda text, ids, keys, when, q: even(
        [k for k in range(1, q + 1) if ids[k] in keys and ids[q] in when], len(ids)
    ),
    "soft_recent": lambda text, ids, keys, when, q: weighed(recent(q), len(ids)),
    "mixture": lambda text, ids, keys, when, q: weighed(
        recent(q) + MORE * np.array([piece == "\n" for piece in text[: q + 1]]), len(ids)
    ),
    "smaller_number": lambda text, ids, keys, when, q: even(smaller(text, q), len(ids)),
    "in_step": lambda text, ids, keys, when, q: even(list(range(8, q + 1, 8)), len(ids)),
}
DEFINITIONS["tokens_b"] = DEFINITIONS["tokens_a"]


def listed(expressions: Sequence[str]) -> set[int]:
    return {int(number) for e in expressions if "tokens(" in e for number in re.findall(r"\d+", e)}


def test_every_head_attends_as_its_role_is_defined(folder: Path, heads: list[PlantedHead]) -> None:
    tokenizer = open_tokenizer(str(folder))
    document = next(d.text for d in python_documents(held_out=True) if len(d.text) > 4000)
    # Numbers that fall and rise, for the head that compares them.
    tokens = [0, *encode(tokenizer, "4 2 7 3 9 1 0 5\n" + document)[: TOKENS - 1]]
    text = list(pieces_of(tokenizer, tokens))
    bridge = load_subject(str(folder), None, dtype="float32", device="cpu")
    names = [f"blocks.{n}.attn.hook_pattern" for n in range(2)]
    with torch.inference_mode():
        _, cache = bridge.run_with_cache(torch.tensor([tokens]), names_filter=names)
    assert {head.role for head in heads} == set(DEFINITIONS)
    for head in heads:
        seen = cache[names[head.layer]][0, head.head].numpy()
        keys, when = (listed([getattr(r, s) for r in head.rules]) for s in ("source", "trigger"))
        for query in range(1, TOKENS):
            expected = DEFINITIONS[head.role](text, tokens, keys, when, query)
            # The half precision of the weights, and e^-8 for each of the keys that are passed over.
            assert np.abs(seen[query] - expected).sum() / 2 < 0.05, (head.role, query)


def test_each_role_stands_twice_and_sets_differ(heads: list[PlantedHead]) -> None:
    assert Counter(head.role for head in heads) == {role.name: 2 for role in ROLES}
    sources = {head.role: [rule.source for rule in head.rules] for head in heads}
    a, b = listed(sources["tokens_a"]), listed(sources["tokens_b"])
    assert len(a) == len(b) == LISTED
    assert not a & b
    assert sources["smaller_number"] == sources["in_step"] == []
    for head in heads:
        for rule in head.rules:
            assert str(parse_source(rule.source)) == rule.source
            assert str(parse_trigger(rule.trigger)) == rule.trigger


def test_noise_is_as_strong_as_is_said_and_the_same_arguments_give_the_same_bytes(
    tmp_path: Path,
) -> None:
    one, other = build("medium", tmp_path / "one"), build("medium", tmp_path / "other")
    for path in sorted(one.iterdir()):
        assert path.read_bytes() == (other / path.name).read_bytes(), path.name
    assert all(head.noise_nats > 0 for head in read_record(one / ANSWER_KEY, AnswerKey).heads)
