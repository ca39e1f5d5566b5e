"""Matching heads: words that tokenizers share, behaviour, similarity and its chance level."""

import runpy
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import SCRIPTS

from headatlas.comparison.behaviour import Behaviour, behaviour_of, word_activation
from headatlas.comparison.matching import aligned_words, correlation, match, match_rows
from headatlas.comparison.words import shared_readings, word_spans
from headatlas.errors import InputError
from headatlas.records.activations import ACTIVATIONS, HEAD_METRICS
from headatlas.records.matches import MATCHES
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_facts, read_table, write_rows

SCRIPT = SCRIPTS / "match_heads.py"

# Words


@pytest.mark.parametrize(
    ("pieces", "spans"),
    [
        (["one", " two"], [(0, 1), (1, 2)]),
        (["on", "e", "  ", "two", "\n"], [(0, 3), (3, 5)]),
        (["  ", "\n", "x"], [(2, 3)]),
        (["a", "b c", "d"], [(0, 2), (1, 3)]),
        (["a b c"], [(0, 1), (0, 1), (0, 1)]),
        (["caf", "\\xc3", "\\xa9", " x"], [(0, 3), (3, 4)]),
        (["no", "\u00a0", "break", "\u2003"], [(0, 4)]),
        ([], []),
    ],
)
def test_words_and_their_tokens(pieces: list[str], spans: list[tuple[int, int]]) -> None:
    assert word_spans(pieces) == spans


@given(st.text(alphabet="ab \n", max_size=40), st.sets(st.integers(1, 39)))
def test_however_a_text_is_cut_its_words_are_the_same(text: str, cuts: set[int]) -> None:
    ends = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[a:b] for a, b in pairwise(ends) if a < b]
    spans = word_spans(pieces)
    assert len(spans) == len(text.split())
    for word, (first, end) in zip(text.split(), spans, strict=True):
        assert word in "".join(pieces[first:end])
        assert not pieces[first].isspace()


def window_rows(windows: list[tuple[str, str, int, list[str]]]) -> list[dict[str, Any]]:
    names = ("split", "document", "start", "pieces")
    return [
        dict(zip(names, window, strict=True))
        | {"window": n, "sampled": False, "tokens": [0] * len(window[-1])}
        for n, window in enumerate(windows)
    ]


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    """Two models' windows of 5 tokens; they share two test passages."""
    mine = [
        ("train", "d", 0, ["<s>", "never", " seen", " in", " test"]),
        ("test", "e", 0, ["<s>", "one", " two", " three", " fo"]),
        ("test", "e", 40, ["<s>", "x", " y", " z", " only"]),
        ("test", "f", 9, ["<s>", "a", " b", "c", " d"]),
    ]
    theirs = [
        ("train", "d", 0, ["never", " seen", " in", " test", " either"]),
        ("test", "e", 0, ["one", " tw", "o", " three", " four"]),
        ("test", "f", 9, ["a", " bc", " d", "\n", "e"]),
    ]
    write_rows(tmp_path / "mine.parquet", window_rows(mine), WINDOWS, {"bos": "prepend"})
    write_rows(tmp_path / "theirs.parquet", window_rows(theirs), WINDOWS, {"bos": "none"})
    return tmp_path / "mine.parquet", tmp_path / "theirs.parquet"


def test_the_words_that_both_models_read(tables: tuple[Path, Path]) -> None:
    """`two three` of the first passage, `bc` of the second: not the first, not the last."""
    mine, theirs = shared_readings(*tables, most=10)
    assert (mine.windows, theirs.windows) == ([1, 3], [1, 2])
    assert mine.spans.tolist() == [[2, 3], [3, 4], [5 + 2, 5 + 4]]
    assert theirs.spans.tolist() == [[1, 3], [3, 4], [5 + 1, 5 + 2]]
    assert mine.counts.tolist() == theirs.counts.tolist() == [2, 1]


def test_of_many_passages_some_are_taken_at_equal_steps(tmp_path: Path) -> None:
    rows = window_rows([("test", "d", n, ["a ", "b ", "c ", "d"]) for n in range(100)])
    write_rows(tmp_path / "windows.parquet", rows, WINDOWS, {"bos": "none"})
    mine, _ = shared_readings(tmp_path / "windows.parquet", tmp_path / "windows.parquet", most=4)
    assert mine.windows == [0, 33, 66, 99]


def test_models_without_shared_passages_cannot_be_compared(
    tables: tuple[Path, Path], tmp_path: Path
) -> None:
    rows = window_rows([("test", "e", 0, ["one"]), ("train", "f", 9, ["a"])])
    write_rows(tmp_path / "few.parquet", rows, WINDOWS, {"bos": "none"})
    with pytest.raises(InputError, match="share 1 passages of the test split"):
        shared_readings(tables[0], tmp_path / "few.parquet", most=10)


# Behaviour


def write_activations(
    folder: Path, layer: int, activation: dict[int, list[list[float]]], shards: int = 1
) -> list[Path]:
    """A layer's tables: of each window, the activation of each head."""
    numbers = sorted(activation)
    folders = [folder / f"shard{n}" for n in range(shards)]
    for shard, at in enumerate(folders):
        own = numbers[len(numbers) * shard // shards : len(numbers) * (shard + 1) // shards]
        rows: list[dict[str, object]] = [
            {"window": window, "head": head, "activation": np.array(values, np.float16)}
            | dict.fromkeys(("keys", "weights", "value_norm", *HEAD_METRICS))
            for window in own
            for head, values in enumerate(activation[window])
        ]
        write_rows(at / f"layer{layer:02d}.parquet", rows, ACTIVATIONS)
    return folders


@pytest.mark.parametrize("shards", [1, 2])
def test_a_word_has_the_largest_activation_of_its_tokens(
    tables: tuple[Path, Path], tmp_path: Path, shards: int
) -> None:
    mine, _ = shared_readings(*tables, most=10)
    activation = {
        0: [[9, 9, 9, 9, 9], [9, 9, 9, 9, 9]],
        1: [[9, 8, 1, 2, 7], [9, 8, 3, 4, 7]],
        2: [[9, 9, 9, 9, 9], [9, 9, 9, 9, 9]],
        3: [[9, 8, 6, 5, 7], [9, 8, 0, 1, 7]],
    }
    folders = write_activations(tmp_path, 2, activation, shards)
    found = word_activation([folder / "layer02.parquet" for folder in folders], mine)
    assert found.tolist() == [[1, 2, 6], [3, 4, 1]]


def test_behaviour_is_what_sets_a_head_apart(tables: tuple[Path, Path], tmp_path: Path) -> None:
    """0, 0, 1 and 10, 0, 0: both are low at the second word, which sets neither apart."""
    mine, _ = shared_readings(*tables, most=10)
    rest, constant = [0.0] * 5, [5.1] * 5
    one = {0: [rest, constant], 1: [rest, constant], 2: [rest, constant]}
    folders = write_activations(tmp_path, 0, {**one, 3: [[0, 0, 1, 0, 0], constant]})
    write_activations(tmp_path, 1, {0: [rest], 1: [[0, 0, 10, 0, 0]], 2: [rest], 3: [rest]})
    found = behaviour_of(folders, mine)
    assert found.heads == [(0, 0), (1, 0)]  # L00H01 is constant
    step = 1.5 / np.sqrt(2)
    np.testing.assert_allclose(found.activation, [[-step, 0, step], [step, 0, -step]], atol=1e-6)


# Matching


def behaviour(heads: int, words: int, seed: int) -> Behaviour:
    noise = np.random.default_rng(seed).normal(size=(heads, words))
    return Behaviour([(n // 4, n % 4) for n in range(heads)], noise.astype(np.float32))


def test_correlation_by_hand() -> None:
    rows = np.array([[1, 2, 3], [3, 1, 2], [5, 5, 5]], np.float32)
    assert correlation(rows, rows).tolist() == [[1, -0.5, 0], [-0.5, 1, 0], [0, 0, 0]]


def test_words_are_aligned_by_their_number_in_the_passage() -> None:
    words, partners = aligned_words(np.array([3, 1, 2]), np.array([1, 2, 0]))
    assert words.tolist() == [0, 3, 4, 5]
    assert partners.tolist() == [3, 4, 0, 1]


COUNTS = np.array([40, 30, 50, 40, 40, 20, 60, 40, 40, 40])


@given(st.permutations(range(8)))
def test_heads_are_matched_through_a_permutation(order: list[int]) -> None:
    one = behaviour(8, 400, seed=0)
    other = Behaviour(one.heads, one.activation[order])
    there, back = match(one, other, COUNTS, permutations=19, seed=0)
    assert there.similarity[:, 0].tolist() == [1] * 8
    assert back.others[:, 0].tolist() == order
    assert [order[at] for at in there.others[:, 0]] == list(range(8))
    rows = match_rows(("a", "b"), (one, other), (there, back))
    assert len(rows) == 2 * 8 * 3
    for row in rows:
        assert row["mutual"] == (row["rank"] == 0)
        assert (row["p"] == 1 / 20) >= (row["rank"] == 0)
    first = {k: rows[0][k] for k in ("model", "layer", "head", "other", "rank", "words")}
    assert first == {"model": "a", "layer": 0, "head": 0, "other": "b", "rank": 0, "words": 400}
    assert order[4 * rows[0]["other_layer"] + rows[0]["other_head"]] == 0  # type: ignore[operator]


def test_noise_matches_nothing() -> None:
    one, other = behaviour(40, 400, seed=0), behaviour(40, 400, seed=1)
    rows = match_rows(("a", "b"), (one, other), match(one, other, COUNTS, permutations=99, seed=0))
    best: list[Any] = [row for row in rows if row["rank"] == 0]
    assert len(best) == 80
    assert sum(row["similarity"] > row["null95"] for row in best) <= 8  # 4 are expected
    assert 0.35 < np.mean([row["p"] for row in best]) < 0.65


def test_what_heads_owe_to_the_position_alone_is_chance() -> None:
    wave = np.tile(np.sin(np.arange(40)), (1, 10)).astype(np.float32)
    alike = Behaviour([(0, 0)], wave)
    there, _ = match(alike, alike, np.full(10, 40), permutations=19, seed=0)
    assert there.similarity.tolist() == [[1]]
    np.testing.assert_allclose(there.null, 1, atol=1e-5)


# The script


def run(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tables: tuple[Path, Path], *more: str
) -> Path:
    mine, theirs = map(str, tables)
    out = folder / "matches.parquet"
    flags = ["--model", "a", "--windows", mine, "--activations", f"{folder}/a/shard0"]
    flags += ["--other", "b", "--other-windows", theirs]
    flags += ["--other-activations", f"{folder}/b/shard0", "--out", str(out), *more]
    monkeypatch.setattr(sys, "argv", ["match_heads.py", *flags])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    return out


def test_the_script_matches_models_with_different_tokenizers(
    tables: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words two, three, bc: 1, 2, 3 and 3, 2, 1 in the one model, the other way in the other."""
    mine = {
        1: [[0, 0, 1, 2, 0], [0, 0, 3, 2, 0]],
        3: [[0, 0, 2, 3, 0], [0, 0, 0, 1, 0]],
    }
    theirs = {
        1: [[0, 1, 3, 2, 0], [0, 1, 0, 2, 0]],
        2: [[0, 1, 0, 0, 0], [0, 3, 0, 0, 0]],
    }
    write_activations(tmp_path / "a", 0, mine)
    write_activations(tmp_path / "b", 3, theirs)
    out = run(monkeypatch, tmp_path, tables)
    rows = read_table(out, MATCHES).to_pylist()
    best = [row for row in rows if row["rank"] == 0]
    assert [(r["model"], r["head"], r["other_layer"], r["other_head"]) for r in best] == [
        ("a", 0, 3, 1),
        ("a", 1, 3, 0),
        ("b", 0, 0, 1),
        ("b", 1, 0, 0),
    ]
    assert all(row["similarity"] == 1 and row["mutual"] and row["words"] == 3 for row in best)
    assert (read_facts(out)["passages"], read_facts(out)["permutations"]) == (2, 50)
    first = out.read_bytes()
    assert run(monkeypatch, tmp_path, tables).read_bytes() == first


def test_text_without_white_space_gives_no_matches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = window_rows([("test", "d", n, ["<s>", "人", "人", "生"]) for n in range(3)])
    write_rows(tmp_path / "windows.parquet", rows, WINDOWS, {"bos": "prepend"})
    for name in "ab":
        write_activations(tmp_path / name, 0, {n: [[0, 1, 2, 3]] for n in range(3)})
    out = run(monkeypatch, tmp_path, (tmp_path / "windows.parquet", tmp_path / "windows.parquet"))
    assert read_table(out, MATCHES).num_rows == 0
    assert (read_facts(out)["passages"], read_facts(out)["words"]) == (3, 0)


def test_the_script_ends_with_a_sentence_and_no_file(
    tables: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        run(monkeypatch, tmp_path, tables, "--permutations", "0")
    assert end.value.code == 2
    assert "--permutations: 0 is not allowed, at least 1" in capsys.readouterr().err
    write_rows(tmp_path / "none.parquet", [], WINDOWS, {"bos": "none"})
    with pytest.raises(SystemExit) as end:
        run(monkeypatch, tmp_path, (tables[0], tmp_path / "none.parquet"))
    assert end.value.code == 1
    assert "share 0 passages" in capsys.readouterr().err
    assert not (tmp_path / "matches.parquet").exists()
