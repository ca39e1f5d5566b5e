"""A head's map from token to token, on maps small enough to be written out."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headatlas.writing import circuit as module
from headatlas.writing.circuit import Circuit, copying_score, most_changed, strengths
from headatlas.writing.scores import relation_shares

TOKENS, D_HEAD = 9, 4


def drawn(seed: int) -> Circuit:
    rng = torch.Generator().manual_seed(seed)
    return Circuit(
        torch.randn(TOKENS, D_HEAD, generator=rng), torch.randn(D_HEAD, TOKENS, generator=rng)
    )


seeds = st.integers(0, 10_000).map(drawn)


def test_copying_is_1_for_a_head_that_raises_what_it_sees_and_minus_1_for_its_mirror() -> None:
    embedding = torch.eye(TOKENS)[:, :D_HEAD]
    assert copying_score(Circuit(embedding, embedding.T)) == pytest.approx(1)
    assert copying_score(Circuit(embedding, -embedding.T)) == pytest.approx(-1)
    # Eigenvalues 3, -1 and zeros: (3 - 1) / (3 + 1).
    mixed = torch.diag(torch.tensor([3.0, -1.0, 0.0, 0.0]))
    assert copying_score(Circuit(embedding @ mixed, embedding.T)) == pytest.approx(0.5)
    assert copying_score(Circuit(0 * embedding, embedding.T)) is None


def test_a_rotation_of_tokens_is_no_copying() -> None:
    """Eigenvalues i and -i: neither raised nor lowered."""
    turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    assert copying_score(Circuit(torch.eye(2), turn)) == pytest.approx(0, abs=1e-6)


@given(seeds)
def test_copying_is_that_of_the_whole_map(circuit: Circuit) -> None:
    whole = torch.linalg.eigvals(circuit.values.double() @ circuit.logits.double())
    expected = float(whole.real.sum() / whole.abs().sum())
    assert copying_score(circuit) == pytest.approx(expected, abs=1e-4)


@given(seeds)
def test_strength_and_changed_tokens_are_those_of_the_whole_rows(circuit: Circuit) -> None:
    whole = circuit.values @ circuit.logits
    expected = whole.std(1, correction=0)
    assert torch.allclose(strengths(circuit), expected, atol=1e-4)
    some = torch.tensor([5, 0, 5])
    changed = most_changed(circuit, some, 3)
    order = whole[some].argsort(dim=1, descending=True)
    assert torch.equal(changed.raised, order[:, :3])
    assert torch.equal(changed.lowered, order.flip(1)[:, :3])


def test_nothing_of_the_size_of_the_vocabulary_squared_is_ever_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large = Circuit(torch.zeros(128_000, 2), torch.zeros(2, 128_000))
    sizes = [block.numel() for block in large.rows(torch.arange(300))]
    assert max(sizes) <= 2**24 and sum(sizes) == 300 * 128_000
    circuit, pairs = drawn(1), {"a": torch.tensor([[0, 1], [2, 3], [4, 0]])}
    at_once = relation_shares(circuit, pairs, 2), most_changed(circuit, torch.arange(5), 2)
    monkeypatch.setattr(module, "_BLOCK", 1)  # a row at a time
    found = relation_shares(circuit, pairs, 2), most_changed(circuit, torch.arange(5), 2)
    assert found[0] == at_once[0]
    assert all(torch.equal(a, b) for a, b in zip(found[1], at_once[1], strict=True))


def shares(rows: list[list[float]], pairs: list[list[int]], top: int) -> tuple:
    matrix = torch.tensor(rows)
    circuit = Circuit(torch.eye(len(rows)), matrix)
    return tuple(relation_shares(circuit, {"r": torch.tensor(pairs)}, top)["r"])


def test_a_relation_is_the_share_of_pairs_whose_target_is_among_the_first() -> None:
    rows = [[0.0, 9, 1, 2], [0, 1, 9, 2], [9, 2, 1, 0], [0, 1, 2, 9]]
    pairs = [[0, 1], [1, 2], [2, 3]]
    raised, lowered = shares(rows, pairs, 1)
    assert (raised.found, raised.pairs) == (2, 3)  # the third pair's target is the last of its row
    assert (lowered.found, lowered.pairs) == (1, 3)
    # Of the six pairs of a source and another's target none is first; none last either.
    assert raised.shuffled == 0 and lowered.shuffled == 0
    raised, _ = shares(rows, pairs, 2)
    # 0 raises 1 and 3, 1 raises 2 and 3, 2 raises 0 and 1: three of six others.
    assert raised.found == 2 and raised.shuffled == pytest.approx(3 / 6)


def test_what_is_raised_whatever_is_attended_to_is_so_for_others_targets_too() -> None:
    rows = [[0.0, 0, 5, 4, 3, 0, 0]] * 7
    raised, _ = shares(rows, [[0, 2], [1, 3], [5, 4]], 3)
    assert raised.found == 3 and raised.shuffled == 1


def test_a_head_that_writes_nothing_holds_no_relation() -> None:
    for share in shares([[0.0] * 4] * 4, [[0, 1], [1, 2]], 1):
        assert share.found == 0 and share.shuffled == 0


def test_other_pairs_of_the_relation_are_no_control() -> None:
    """Where every source goes with every target, there is no other pair."""
    raised, _ = shares([[0.0, 1, 2, 3]] * 4, [[0, 3], [1, 3]], 1)
    assert (raised.found, raised.shuffled) == (2, None)
