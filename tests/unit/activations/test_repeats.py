"""Scores on repeated random tokens."""

import torch

from headatlas.activations.repeats import joined, repeat_scores, repeated_tokens


def test_rows_are_a_segment_said_twice_without_bos_inside() -> None:
    tokens = repeated_tokens(5, 7, vocabulary=4, bos=2, seed=0)
    assert tokens.shape == (5, 15)
    assert (tokens[:, 0] == 2).all() and (tokens[:, 1:] != 2).all()
    assert (tokens[:, 1:8] == tokens[:, 8:]).all()
    assert set(tokens[:, 1:].flatten().tolist()) == {0, 1, 3}


def test_rows_lengths_and_seeds_have_tokens_of_their_own() -> None:
    def drawn(length: int, seed: int) -> list[list[int]]:
        tokens = repeated_tokens(2, length, vocabulary=1000, bos=0, seed=seed)
        return tokens[:, 1:9].tolist()

    assert drawn(8, seed=0) == drawn(8, seed=0)
    rows = [row for case in ((8, 0), (8, 1), (9, 0)) for row in drawn(*case)]
    assert len({tuple(row) for row in rows}) == 6


def test_without_bos_every_token_is_drawn() -> None:
    tokens = repeated_tokens(5, 7, vocabulary=4, bos=None, seed=0)
    assert tokens.shape == (5, 14)
    assert set(tokens.flatten().tolist()) == {0, 1, 2, 3}


def test_each_head_scores_on_its_own_pattern() -> None:
    length, size = 2, 5  # BOS a b a b: queries 3 and 4
    pattern = torch.zeros(2, 5, size, size)
    pattern[0, 0, 3, 2] = pattern[0, 0, 4, 3] = 1  # after the first occurrence; also previous
    pattern[0, 1, 3, 1] = pattern[0, 1, 4, 2] = 1  # the first occurrence
    pattern[0, 2, 3:, 0] = 1
    pattern[0, 3, 3, 2] = 1
    pattern[0, 4, 3, 3] = pattern[1, 4, 3, 3] = pattern[1, 4, 4, 4] = 1  # the second row too
    scores = repeat_scores(pattern, length)
    found = {name: values.tolist() for name, values in scores.items()}
    assert found["prefix_matching"] == [[1, 0, 0, 0.5, 0], [0, 0, 0, 0, 0]]
    assert found["previous_token"] == found["prefix_matching"]
    assert found["duplicate_token"] == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    assert found["sink"] == [[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]
    assert found["current_token"] == [[0, 0, 0, 0, 0.5], [0, 0, 0, 0, 1]]
    together = joined([scores, scores])
    assert together["sink"].tolist() == [*found["sink"], *found["sink"]]
