"""Planted writers write what their answer key says, and depend on each other as it says."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from planted_known import Known, rounded

from headatlas.corpora.python_docs import python_documents
from headatlas.storage import read_record
from headatlas.subjects.loading import load_subject
from headatlas.subjects.planted.answer_key import ANSWER_KEY, PlantedWriter, WritersKey
from headatlas.subjects.planted.residual import NOTES, PLACES
from headatlas.subjects.planted.vocabulary import VOCABULARY
from headatlas.subjects.planted.writers import FUNCTIONS, LAYERS, NOISE, Planted, plant_writers
from headatlas.tokens.tokenizer import encode, open_tokenizer

pytestmark = pytest.mark.slow

SEED = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("writers")


@pytest.fixture(scope="module")
def planted(folder: Path) -> Planted:
    texts = [document.text for document in python_documents(held_out=False)]
    return plant_writers(SEED, "none", texts, folder)


@pytest.fixture(scope="module")
def tokens(planted: Planted, folder: Path) -> np.ndarray:
    """Two windows of text that the tokenizer has not seen."""
    tokenizer = open_tokenizer(str(folder))
    texts = [d.text for d in python_documents(held_out=True) if len(d.text) > 2000]
    return np.array([[0, *encode(tokenizer, text)[:63]] for text in texts[:2]])


def heads(planted: Planted, name: str) -> list[PlantedWriter]:
    return [head for head in planted.key.heads if head.function == name]


def said(planted: Planted, head: PlantedWriter) -> np.ndarray:
    """Logits of tokens, [attended, raised], by the head's map."""
    circuit = planted.circuits[head.layer, head.head]
    codes = planted.unembedding[:, PLACES["said"]]
    mapped = planted.tokens @ circuit.value @ circuit.output[:, PLACES["said"]]
    return np.asarray(mapped @ codes.T)


def test_every_function_is_there_as_often_as_is_planned(planted: Planted, folder: Path) -> None:
    counts = Counter(head.function for head in planted.key.heads)
    assert counts == {function.name: function.number for function in FUNCTIONS}
    assert read_record(folder / ANSWER_KEY, WritersKey) == planted.key
    assert {head.function for head in planted.key.heads if head.noise} == set(NOISE)


@pytest.mark.parametrize("name", ["attended", "current"])
def test_the_attended_token_is_raised_or_lowered_most(planted: Planted, name: str) -> None:
    for effect, sign in (("raises", 1), ("lowers", -1)):
        for head in heads(planted, f"{effect} {name}"):
            logits = sign * said(planted, head)[1:, 1:]
            assert (logits.argmax(1) == np.arange(VOCABULARY - 1)).all()
            assert logits.max() == pytest.approx(head.nats)


def test_a_relation_is_held_and_what_follows_is_raised(planted: Planted) -> None:
    for head in heads(planted, "raises related"):
        logits = said(planted, head)
        sources = np.flatnonzero(planted.tokens[:, PLACES["related"]].any(1))
        assert len(sources) >= 6 and head.relation is not None and head.relation[0] == "raises"
        assert logits[sources].max(1) == pytest.approx(np.full(len(sources), head.nats))
        others = np.setdiff1d(np.arange(VOCABULARY), sources)
        assert not logits[others].any()


def test_the_model_computes_what_is_known_of_it(
    planted: Planted, folder: Path, tokens: np.ndarray
) -> None:
    bridge = load_subject(str(folder), None, dtype="float32", device="cpu")
    names = [f"blocks.{n}.attn.hook_z" for n in range(LAYERS)]
    with torch.inference_mode():
        _, cache = bridge.run_with_cache(torch.tensor(tokens), names_filter=names)
    known = Known(planted, tokens)
    for (layer, head), z in known.z.items():
        seen = cache[names[layer]].reshape(*tokens.shape, -1, z.shape[-1])[:, :, head].numpy()
        np.testing.assert_allclose(seen, z, atol=2e-3)


def test_what_is_undone_is_not_lost(planted: Planted, tokens: np.ndarray) -> None:
    known = Known(planted, tokens)

    def effect(note: str) -> tuple[float, float]:
        (head,) = heads(planted, f"{note}: first")
        at = head.layer, head.head
        return known.effect(at, np.zeros_like(known.z[at]))

    total, direct = effect(NOTES[0])
    assert abs(direct) > 0.005 and abs(total) < abs(direct) / 50
    total, direct = effect(NOTES[1])
    assert abs(direct) > 0.005 and abs(total) < abs(direct) * 2 / 3  # loss is not linear in logits
    total, direct = effect(NOTES[2])
    assert abs(total) > 0.005 and abs(direct) < abs(total) / 50


def test_weights_are_taken_as_they_are_stored(planted: Planted) -> None:
    circuit = next(iter(planted.circuits.values()))
    assert rounded(circuit).output.dtype == float
    np.testing.assert_allclose(rounded(circuit).output, circuit.output, rtol=1e-3, atol=1e-7)
