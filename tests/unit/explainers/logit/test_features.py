"""The table of features says cell by cell what the language means; terms give levels."""

from pathlib import Path

import numpy as np
import pytest
from logit_windows import windows_of

from headatlas.explainers.logit.features import KINDS, Feature, FeatureTable, Windows, term_of
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.evaluate import holds, keys_of
from headatlas.explainers.symbolic.language import (
    EVERYTHING,
    FIRST_TOKEN,
    Expression,
    all_sources,
    all_triggers,
    parse_source,
    parse_trigger,
)

ANY = parse_trigger("any")
LISTS = [parse_source(text) for text in ("tokens(3, 7)", "after_tokens(0, 5)", "new_tokens(3, 5)")]


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return FeatureTable(windows_of(np.random.default_rng(0), 30, 6, 25))


@pytest.fixture(scope="module")
def windows() -> Windows:
    return windows_of(np.random.default_rng(0), 30, 6, 25)


@pytest.fixture
def short() -> Windows:
    return Windows(
        [Context([7, 5, 6, 5], ["<s>", " the", " of", " the"]), Context([6, 5], [" of", " the"])]
    )


def test_every_source_names_the_cells_that_the_language_names(
    table: FeatureTable, windows: Windows
) -> None:
    for source in [*table.sources, EVERYTHING, *LISTS]:
        named = np.zeros(windows.grid.n_cells)
        named[table.cells_of(source)] = 1
        matrices = windows.grid.unflatten(named)
        for context, found in zip(windows.contexts, matrices, strict=True):
            np.testing.assert_array_equal(found, keys_of(source, context), str(source))
        np.testing.assert_array_equal(table.cells_of(source), windows.cells_of(source))
    assert set(table.sources) == {FIRST_TOKEN, *all_sources()}


def test_every_trigger_holds_where_the_language_says(table: FeatureTable, windows: Windows) -> None:
    for trigger in [*all_triggers(), parse_trigger("at_tokens(0, 5)")]:
        said = np.concatenate([holds(trigger, c) for c in windows.contexts])
        np.testing.assert_array_equal(table.rows_of(trigger), said, str(trigger))


def test_sums_are_those_of_the_matrices(table: FeatureTable, windows: Windows) -> None:
    grid = table.grid
    cells = np.random.default_rng(1).random(grid.n_cells)
    sums = table.source_sums(cells)
    matrices = grid.unflatten(cells)
    for source, row in zip(table.sources, sums, strict=True):
        said = [
            (m * keys_of(source, c)).sum(axis=1)
            for m, c in zip(matrices, windows.contexts, strict=True)
        ]
        np.testing.assert_allclose(row, np.concatenate(said), atol=1e-12)


def levels(feature: Feature, texts: Windows | FeatureTable) -> dict[tuple[int, int], str]:
    """What the weight of each cell (row, key) is for."""
    term, grid = term_of(feature, texts), texts.grid
    assert term.n_levels == feature.n_levels == len(feature.levels)
    return {
        (int(grid.row[c]), int(grid.key[c])): feature.levels[level]
        for c, level in zip(term.cells, term.level, strict=True)
    }


def test_listed_tokens_have_a_weight_each(short: Windows) -> None:
    keys = Feature(parse_source("tokens(6, 5)"), ANY, "token")
    said = {(1, 1): "5", (2, 1): "5", (2, 2): "6", (3, 1): "5", (3, 2): "6", (3, 3): "5"}
    assert levels(keys, short) == {**said, (5, 1): "5"}
    after = Feature(parse_source("after_tokens(7, 5)"), ANY, "token")
    assert levels(after, short) == {
        **{(1, 1): "7", (2, 1): "7", (2, 2): "5", (3, 1): "7", (3, 2): "5"}
    }
    at = Feature(FIRST_TOKEN, parse_trigger("at_tokens(6, 5)"), "token")
    assert levels(at, short) == {
        **{(1, 0): "5", (2, 0): "6", (3, 0): "5", (4, 0): "6", (5, 0): "5"}
    }


def test_weights_vary_with_the_kind_of_key_or_query_and_with_distance(short: Windows) -> None:
    pair = parse_source("all(same_token)"), parse_trigger("late")
    assert levels(Feature(*pair), short) == {}
    again = parse_source("all(same_token)")
    assert levels(Feature(again, ANY), short) == {(3, 1): ""}
    assert levels(Feature(again, ANY, "distance"), short) == {(3, 1): "2"}
    assert levels(Feature(EVERYTHING, ANY, "key_kind"), short) == {
        **{(1, 1): "determiner", (2, 1): "determiner", (2, 2): "preposition"},
        **{(3, 1): "determiner", (3, 2): "preposition", (3, 3): "determiner"},
        (5, 1): "determiner",
    }
    previous = Feature(parse_source("previous_token"), ANY, "query_kind")
    assert levels(previous, short) == {(2, 1): "preposition", (3, 2): "determiner"}
    assert Feature(EVERYTHING, ANY, "distance").levels[4:8] == ("4", "5-6", "7-8", "9-12")
    assert Feature(EVERYTHING, ANY, "distance").n_levels == N_BINS


def test_every_token_is_of_one_kind(short: Windows) -> None:
    assert [KINDS[k] for k in short.kind] == [
        *("special", "determiner", "preposition", "determiner", "preposition", "determiner")
    ]
    strange = Windows([Context([1, 2], ["", "Ab"])])
    assert [KINDS[k] for k in strange.kind] == ["other", "capitalised"]


def test_the_table_gives_the_same_terms_as_the_windows(
    table: FeatureTable, windows: Windows
) -> None:
    for feature in (
        Feature(parse_source("all(same_token)"), parse_trigger("late")),
        Feature(LISTS[0], ANY, "token"),
        Feature(EVERYTHING, parse_trigger("at_tokens(4)"), "key_kind"),
    ):
        one, other = term_of(feature, table), term_of(feature, windows)
        np.testing.assert_array_equal(one.cells, other.cells)
        np.testing.assert_array_equal(one.level, other.level)


def test_a_table_is_read_as_it_was_written(table: FeatureTable, tmp_path: Path) -> None:
    table.save(tmp_path / "features")
    again = FeatureTable.load(tmp_path / "features")
    assert (again.sources, again.triggers) == (table.sources, table.triggers)
    assert again.grid.lengths.tolist() == table.grid.lengths.tolist()
    for name in ("tokens", "kind", "cells", "starts", "filled", "holds"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name), name)
    assert isinstance(again.cells, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        again.cells[0] = 1


def test_the_table_is_compact(table: FeatureTable) -> None:
    entries, rows = len(table.cells), table.grid.n_rows
    bound = 4 * entries + (8 * len(table.sources) + len(table.triggers) + 9) * rows
    assert table.n_bytes <= bound


def test_a_feature_says_what_it_is() -> None:
    feature = Feature(Expression("tokens", (5, 6)), ANY, "token")
    assert str(feature) == "tokens(5, 6) when any by token"
    assert feature.tokens == (5, 6)
    assert str(Feature(FIRST_TOKEN, ANY)) == "first_token when any"
    assert feature.complexity > Feature(parse_source("last(digit)"), ANY).complexity


def test_lists_of_one_place_join() -> None:
    late = parse_trigger("late")

    def keys(*tokens: int, name: str = "tokens", trigger: Expression = ANY) -> Feature:
        return Feature(Expression(name, tokens), trigger, "token")

    assert keys(5, 6).joined(keys(6, 7)) == keys(5, 6, 7)
    assert keys(5).joined(keys(6, name="after_tokens")) is None
    assert keys(5).joined(keys(6, trigger=late)) is None
    assert keys(5).joined(Feature(FIRST_TOKEN, ANY)) is None
    assert Feature(FIRST_TOKEN, ANY).joined(keys(5)) is None
    at = [Feature(FIRST_TOKEN, Expression("at_tokens", (t,)), "token") for t in (5, 6)]
    assert at[0].joined(at[1]) == Feature(FIRST_TOKEN, Expression("at_tokens", (5, 6)), "token")
    assert at[0].joined(keys(6)) is None
