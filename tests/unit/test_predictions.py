"""What programs predict, written and read."""

from pathlib import Path

import numpy as np
import pytest

from headatlas.errors import InputError
from headatlas.measure import CONTROLS
from headatlas.predictions import (
    Prediction,
    Predictions,
    baselines,
    read_predictions,
    write_predictions,
)
from headatlas.statistics.divergence import even


def made(head: int, *windows: int) -> Predictions:
    found = [
        Prediction("test", n, np.arange(3.0), np.tril(np.full((3, 3), n / 8)), even(3))
        for n in windows
    ]
    return Predictions((1, head), found)


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "L01H02.parquet"
    write_predictions(path, made(2, 4, 3))
    found = read_predictions(path, (1, 2))
    assert (found.head, found.reason) == ((1, 2), None)
    assert [window.window for window in found.windows] == [4, 3]
    assert [window.window for window in found.of_split("test")] == [3, 4]
    assert found.of_split("validation") == []
    for window, n in zip(found.windows, (4, 3), strict=True):
        assert window.attention.tolist() == np.tril(np.full((3, 3), n / 8)).tolist()
        assert window.position == pytest.approx(even(3), abs=1e-3)
        assert window.activation.tolist() == [0, 1, 2]


def test_why_nothing_is_predicted_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_predictions(path, Predictions((0, 5), reason="no program"))
    found = read_predictions(path, (0, 5))
    assert (list(found.windows), found.reason) == ([], "no program")
    with pytest.raises(InputError, match=r"p\.parquet: is about L00H05, expected is L00H04"):
        read_predictions(path, (0, 4))


def test_baselines_know_nothing_of_the_tokens() -> None:
    found = baselines(made(0, 8))
    assert found.keys() == CONTROLS.keys() - {"", "layer_"}
    (position,), (resting,), (uniform,) = (found[k] for k in ("position_", "first_", "even_"))
    assert position.windows[0].attention.tolist() == even(3).tolist()
    assert resting.windows[0].attention.tolist() == [[1, 0, 0]] * 3
    assert uniform.windows[0].attention.tolist() == even(3).tolist()
