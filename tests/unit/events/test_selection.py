"""From what caching keeps of a layer to the events of its heads."""

from pathlib import Path

import numpy as np
from activation_rows import TOP, activation_row, window_row

from headatlas.event_rows import events_of
from headatlas.events.selection import select_events
from headatlas.records.activations import ACTIVATIONS
from headatlas.records.events import EVENTS
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_head, write_rows

SAMPLED, UNKEPT = (1, 4, 5), 3


def selected(folder: Path, heads: list[int], shards: list[list[int]]) -> Path:
    """The events of windows of one split, which come in these shards."""
    numbers = [number for shard in shards for number in shard]
    rows = [window_row(n, sampled=n in SAMPLED) for n in numbers]
    write_rows(folder / "windows.parquet", rows, WINDOWS)
    paths = []
    for n, shard in enumerate(shards):
        paths.append(folder / f"shard{n}.parquet")
        found = [
            activation_row(w, head, sampled=w in SAMPLED, kept=w != UNKEPT)
            for w in shard
            for head in range(3)
        ]
        write_rows(paths[-1], found, ACTIVATIONS)
    select_events(
        folder / "windows.parquet",
        paths,
        layer=7,
        heads=heads,
        top=2,
        top_windows=2,
        quantiles=1,
        per_quantile=1,
        seed=0,
        out=folder / "events.parquet",
    )
    return folder / "events.parquet"


def test_events_have_what_was_kept_of_their_windows(tmp_path: Path) -> None:
    path = selected(tmp_path, [0, 2], [[1, 2], [3, 4, 5]])
    assert len(read_head(path, EVENTS, 1)) == 0
    for head in (0, 2):
        events = events_of(read_head(path, EVENTS, head))
        found = {(event.kind, event.window) for event in events}
        assert {("random", n) for n in SAMPLED} <= found
        assert ("top", TOP) in found and UNKEPT not in {window for _, window in found}
        for event in events:
            row = activation_row(event.window, head, sampled=True, kept=True)
            assert event.activation.tolist() == row["activation"]
            assert event.keys.ravel().tolist() == row["keys"]
            assert event.weights.ravel().tolist() == row["weights"]


def test_random_windows_alone_have_attention_whole(tmp_path: Path) -> None:
    path = selected(tmp_path, [0, 1, 2], [[1, 2, 3, 4, 5]])
    for event in events_of(read_head(path, EVENTS, 1)):
        assert (event.whole is not None) == (event.kind == "random")
        row = activation_row(event.window, 1, sampled=True, kept=True)
        cut = np.array([[1.0, 0, 0], [0.5, 0, 0], [0.25, 0, 0]])
        whole = [[1.0, 0, 0], [0.5, 0.5, 0], [0.25, *row["attention"][-2:]]]
        np.testing.assert_array_equal(event.attention(), whole if event.kind == "random" else cut)
