"""The table of features says cell by cell what the language means."""

import numpy as np
import pytest
from logit_windows import windows_of

from headatlas.explainers.logit.features import FeatureTable, TokenSet, Windows
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.evaluate import holds, keys_of
from headatlas.explainers.symbolic.language import Expression, all_sources, all_triggers


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return FeatureTable(windows_of(np.random.default_rng(0), 30, 6, 25))


@pytest.fixture
def short() -> Windows:
    return Windows(
        [Context([7, 5, 6, 5], ["<s>", " a", " b", " a"]), Context([6, 5], [" b", " a"])]
    )


def test_every_source_names_the_cells_that_the_language_names(table: FeatureTable) -> None:
    windows = table.windows
    for source in table.sources:
        named = np.zeros(windows.grid.n_cells)
        named[table.cells_of(source)] = 1
        matrices = windows.grid.unflatten(named)
        for context, found in zip(windows.contexts, matrices, strict=True):
            np.testing.assert_array_equal(found, keys_of(source, context), str(source))
    assert set(table.sources) == {Expression("first_token"), *all_sources()}


def test_every_trigger_holds_where_the_language_says(table: FeatureTable) -> None:
    for trigger in all_triggers():
        said = np.concatenate([holds(trigger, c) for c in table.windows.contexts])
        np.testing.assert_array_equal(table.rows_of(trigger), said, str(trigger))


def test_sums_are_those_of_the_matrices(table: FeatureTable) -> None:
    grid = table.windows.grid
    cells = np.random.default_rng(1).random(grid.n_cells)
    sums = table.source_sums(cells)
    matrices = grid.unflatten(cells)
    for source, row in zip(table.sources, sums, strict=True):
        said = [
            (m * keys_of(source, c)).sum(axis=1)
            for m, c in zip(matrices, table.windows.contexts, strict=True)
        ]
        np.testing.assert_allclose(row, np.concatenate(said), atol=1e-12)


def test_token_sets_by_hand(short: Windows) -> None:
    def keys(place: str, *tokens: int) -> list[tuple[int, int]]:
        cells = short.cells_of(TokenSet(place, tokens))
        return list(
            zip(short.grid.row[cells].tolist(), short.grid.key[cells].tolist(), strict=True)
        )

    assert keys("key", 5) == [(1, 1), (2, 1), (3, 1), (3, 3), (5, 1)]
    assert keys("key", 6, 7) == [(2, 2), (3, 2)]  # never position 0
    assert keys("before_key", 7) == [(1, 1), (2, 1), (3, 1)]
    assert keys("before_key", 5) == [(2, 2), (3, 2)]  # not across windows
    assert short.rows_of(TokenSet("query", (6,))).tolist() == [0, 0, 1, 0, 1, 0]


def test_the_table_is_compact(table: FeatureTable) -> None:
    entries, rows = len(table.cells), table.windows.grid.n_rows
    assert table.n_bytes <= 4 * entries + (8 * len(table.sources) + len(table.triggers)) * rows
