"""Scores on repeated random tokens."""

import torch

from headatlas.activations.repeats import repeat_scores, repeated_tokens


def test_rows_are_a_segment_said_twice_without_bos_inside() -> None:
    tokens = repeated_tokens(5, 7, vocabulary=4, bos=2, seed=0)
    assert tokens.shape == (5, 15)
    assert (tokens[:, 0] == 2).all() and (tokens[:, 1:] != 2).all()
    assert (tokens[:, 1:8] == tokens[:, 8:]).all()
    assert set(tokens[:, 1:].flatten().tolist()) == {0, 1, 3}


def test_each_head_scores_on_its_own_pattern() -> None:
    length, size = 2, 5  # BOS a b a b: queries 3 and 4
    pattern = torch.zeros(1, 4, size, size)
    pattern[0, 0, 3, 2] = pattern[0, 0, 4, 3] = 1  # after the first occurrence; also previous
    pattern[0, 1, 3, 1] = pattern[0, 1, 4, 2] = 1  # the first occurrence
    pattern[0, 2, 3:, 0] = 1
    pattern[0, 3, 3, 2] = 1
    found = {name: values.tolist() for name, values in repeat_scores(pattern, length).items()}
    assert found["prefix_matching"] == [1, 0, 0, 0.5]
    assert found["duplicate_token"] == [0, 1, 0, 0]
    assert found["sink"] == [0, 0, 1, 0]
