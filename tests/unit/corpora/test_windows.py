"""Windows: what is cut, which split it is in, what is drawn."""

import re
import runpy
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import SCRIPTS
from small_tokenizers import BOS, BYTE_LEVEL, SENTENCEPIECE, encode
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from headatlas.corpora.document import Document
from headatlas.corpora.places import segments_of
from headatlas.corpora.sampling import Sample, Window, choose, split_of
from headatlas.corpora.state import files_state
from headatlas.corpora.windows import WindowSettings, sample_windows
from headatlas.errors import InputError
from headatlas.records.base import SPLITS, Split
from headatlas.records.model import ModelInfo
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_facts, read_table, write_record, write_rows
from headatlas.tokens.pieces import pieces_of

SCRIPT = SCRIPTS / "sample_windows.py"
HALVES: dict[Split, float] = {"train": 0.5, "validation": 0.25, "test": 0.25}


def settings(**changes: Any) -> WindowSettings:
    defaults: dict[str, Any] = {
        "window_tokens": 8,
        "windows": 400,
        "windows_per_document": 3,
        "sampled": 5,
        "fractions": HALVES,
        "prepend_bos": True,
        "seed": 0,
    }
    return WindowSettings(**defaults | changes)


def corpus(count: int = 100) -> list[Document]:
    """Documents of 240 random letters, so that no two windows are alike."""
    rng = np.random.default_rng(0)
    letters = list("abcdefghijklmnopqrstuvwxyz ")
    return [Document(f"d{n}", "".join(rng.choice(letters, size=240))) for n in range(count)]


def sample(
    corpus: Iterable[Document], **changes: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return sample_windows(corpus, BYTE_LEVEL, settings(**changes))


# Places


def test_places_stand_at_lines_else_at_words_else_where_they_fall() -> None:
    """Windows of 4 tokens: places every 32 characters, moved by less than 4."""
    text = "a" * 31 + "\n" + "b" * 31 + "c\n" + "d" * 30 + " ef" + "g" * 29
    assert segments_of(text, 4) == [(0, 32), (32, 65), (65, 96), (96, len(text))]
    assert text[65] == "d" and text[96] == "e"
    assert segments_of("x" * 70, 4) == [(0, 32), (32, 64), (64, 70)]
    assert segments_of("", 4) == [(0, 0)]


@given(st.text(alphabet="ab \n", max_size=300), st.integers(2, 8))
def test_segments_are_the_text_and_begin_at_a_line_or_word_if_one_is_near(
    text: str, n: int
) -> None:
    segments = segments_of(text, n)
    assert "".join(text[start:end] for start, end in segments) == text
    for k, (start, _) in enumerate(segments[1:], start=1):
        assert 0 <= start - 8 * n * k <= n
        near = text[8 * n * k - 1 : 9 * n * k][: n + 1]
        assert text[start - 1] == "\n" or "\n" not in near
        assert text[start - 1].isspace() or not re.search(r"\s\S", near)


Passage = tuple[str, str, int]


def passages(
    documents: list[Document], tokenizer: PreTrainedTokenizerBase, **changes: Any
) -> dict[Passage, bool]:
    """Split, document and start of each window, and whether it is sampled."""
    rows: list[dict[str, Any]]
    rows, _ = sample_windows(documents, tokenizer, settings(**changes))
    return {(row["split"], row["document"], row["start"]): row["sampled"] for row in rows}


def test_two_tokenizers_give_the_same_passages() -> None:
    texts = [f"{text} the cat the mat é" for _, text in corpus()]
    documents = [Document(f"d{n}", text) for n, text in enumerate(texts)]
    assert len(encode(texts[0])) < len(encode(texts[0], SENTENCEPIECE))
    mine = passages(documents, BYTE_LEVEL, windows=60)
    assert len(mine) == 60
    assert passages(documents, SENTENCEPIECE, windows=60) == mine


@pytest.mark.slow
def test_a_place_that_one_tokenizer_lacks_moves_no_other() -> None:
    """16 characters from the second place on: 4 tokens for the one, 16 for the other."""
    documents = [*corpus(), Document("cats", "the cat the mat " * 4 + "the mat the cat")]
    lacking = passages(documents, BYTE_LEVEL, windows=10_000)
    whole = passages(documents, SENTENCEPIECE, windows=10_000)
    assert lacking.keys() < whole.keys()
    assert {passage[1:] for passage in whole.keys() - lacking.keys()} == {("cats", 64)}
    replaced = set()
    for seed in range(30):
        lacking = passages(documents, BYTE_LEVEL, windows=200, seed=seed)
        whole = passages(documents, SENTENCEPIECE, windows=200, seed=seed)
        replaced.add(len(lacking.keys() - whole.keys()))
    assert replaced == {0, 1}


# Cutting


@pytest.mark.parametrize("bos", [True, False])
def test_windows_are_the_first_tokens_from_their_places(bos: bool) -> None:
    documents = corpus(40)
    rows, facts = sample(documents, windows=10_000, windows_per_document=1000, prepend_bos=bos)
    for document in documents:
        found = {row["start"]: row for row in rows if row["document"] == document.name}
        segments = segments_of(document.text, 8)
        assert set(found) == {start for start, _ in segments}
        for start, end in segments:
            expected = [0] * bos + encode(document.text[start:end])
            row = found[start]
            assert list(row["tokens"]) == expected[:8]
            assert row["pieces"] == pieces_of(BYTE_LEVEL, row["tokens"].tolist())
            assert document.text[start:end].startswith("".join(row["pieces"][bos:]))
    assert facts["windows_found"] == len(rows)
    assert facts["bos"] == ("prepend" if bos else "none")


def test_windows_of_dense_text_are_dropped_before_they_overlap() -> None:
    """Words of 21 letters, a token each: 3 tokens to the next place, where 7 are needed."""
    words = Tokenizer(models.WordLevel({"<s>": 0, "?": 1}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, bos_token="<s>")
    documents = [Document(f"d{n}", f"{'letters' * 3} " * 100) for n in range(40)]
    with pytest.raises(InputError, match=r"40 of all too short for a window\) and 0 windows"):
        sample_windows(documents, tokenizer, settings())


def test_text_that_spells_a_special_token_is_text() -> None:
    documents = [Document(name, f"{BOS} {text}") for name, text in corpus(40)]
    rows, _ = sample(documents, windows=10_000, windows_per_document=1000)
    assert all(BYTE_LEVEL.bos_token_id not in row["tokens"][1:] for row in rows)
    assert any("".join(row["pieces"][1:]).startswith("<|bos|>") for row in rows)


def test_hostile_text_is_cut_and_stored(tmp_path: Path) -> None:
    documents = [
        Document(f"\ud800{name}", f"\0\ud800\u202e<script>{text}") for name, text in corpus()
    ]
    rows, facts = sample(documents, windows=10_000, windows_per_document=1000)
    write_rows(tmp_path / "windows.parquet", rows, WINDOWS, facts)
    table = read_table(tmp_path / "windows.parquet", WINDOWS)
    assert table["document"][0].as_py().startswith("?d")
    assert any("".join(row["pieces"]).startswith(f"{BOS}\0?\\xe2") for row in rows)


# Splits


def test_the_split_of_a_document_follows_from_its_name_and_the_seed() -> None:
    names = [f"document {n}" for n in range(4000)]
    splits = [split_of(name, 0, HALVES) for name in names]
    for split, share in HALVES.items():
        assert splits.count(split) / len(names) == pytest.approx(share, abs=0.03)
    assert splits != [split_of(name, 1, HALVES) for name in names]
    few, many = sample(corpus(60))[0], sample(corpus(100))[0]
    later = {row["document"]: row["split"] for row in many}
    assert all(later.get(row["document"], row["split"]) == row["split"] for row in few)
    assert {row["document"] for row in few} & set(later)


def test_no_two_splits_share_a_window() -> None:
    licence = ("Permission is hereby granted free of charge " * 3)[:127] + " "
    documents = [Document(name, licence + text) for name, text in corpus()]
    rows, facts = sample(documents, windows=10_000, windows_per_document=1000)
    contents = [bytes(row["tokens"]) for row in rows]
    assert len(set(contents)) == len(contents)
    assert facts["duplicates_dropped"] == 2 * 99  # the third place is in a text of its own


def test_a_document_that_repeats_itself_gives_each_window_once() -> None:
    rows, facts = sample([*corpus(), Document("table", "0" * 500)])
    assert sum(row["document"] == "table" for row in rows) <= 1
    assert facts["duplicates_dropped"] == 2  # of the 3 windows of a document


def test_a_window_may_come_again_once_it_has_lost_its_place() -> None:
    candidates = [window(number) for number in range(50)]
    sample = Sample({"train": 1, "validation": 50, "test": 1}, seed=0)
    assert all(sample.offer("train", candidate) for candidate in candidates)
    [kept] = sample.windows("train")
    accepted = [sample.offer("validation", candidate) for candidate in candidates]
    assert accepted == [candidate != kept for candidate in candidates]
    assert kept not in sample.windows("validation") and len(sample.windows("validation")) == 49


# Drawing


def window(number: int) -> Window:
    return Window(f"d{number}", 0, np.int32(number).tobytes())


def test_every_window_has_the_same_chance() -> None:
    wins = np.zeros(20)
    for seed in range(400):
        sample = Sample({"train": 5, "validation": 1, "test": 1}, seed)
        for number in range(20):
            sample.offer("train", window(number))
        for kept in sample.windows("train"):
            wins[int(kept.document[1:])] += 1
    assert wins.sum() == 400 * 5
    assert np.all(np.abs(wins - 100) < 4.5 * np.sqrt(400 * 0.25 * 0.75))


def test_every_place_of_a_document_has_the_same_chance() -> None:
    rows, _ = sample(corpus(400), windows_per_document=1)
    places = Counter(row["start"] // 64 for row in rows)
    assert sorted(places) == [0, 1, 2, 3]
    assert max(abs(count - 100) for count in places.values()) < 4 * np.sqrt(400 * 0.25 * 0.75)


def test_choices_for_different_purposes_are_independent() -> None:
    candidates = [window(number) for number in range(400)]
    one = set(choose(candidates, 200, 0, "document"))
    other = set(choose(candidates, 200, 0, "sampled"))
    assert len(one) == len(other) == 200
    assert 70 < len(one & other) < 130


def test_the_sample_does_not_depend_on_the_order_of_the_documents() -> None:
    rows, facts = sample(corpus(), windows=60)
    again, facts_again = sample(corpus()[::-1], windows=60)
    assert facts == facts_again
    assert [row["start"] for row in rows] == [row["start"] for row in again]
    other, _ = sample(corpus(), windows=60, seed=1)
    assert {row["document"] for row in rows} != {row["document"] for row in other}


def test_quotas_documents_and_the_sampled_rows_are_respected() -> None:
    rows, facts = sample(corpus(), windows=60)
    assert [row["window"] for row in rows] == list(range(60))
    keys = [(SPLITS.index(row["split"]), row["document"], row["start"]) for row in rows]
    assert keys == sorted(keys)
    for split, quota in {"train": 30, "validation": 15, "test": 15}.items():
        own = [row for row in rows if row["split"] == split]
        assert len(own) == facts[f"{split}_windows"] == quota
        assert sum(row["sampled"] for row in own) == 5
    per_document = Counter(row["document"] for row in sample(corpus(), windows=10_000)[0])
    assert set(per_document.values()) == {3}
    assert settings(windows=401, fractions=dict.fromkeys(SPLITS, 1 / 3)).quotas() == {
        "train": 134,
        "validation": 133,
        "test": 134,
    }


def test_characters_that_were_replaced_are_counted() -> None:
    documents = [*corpus(), Document("broken", "caf\ufffd, na\ufffdve")]
    assert sample(documents)[1]["replacement_characters"] == 2


def test_no_more_documents_are_read_than_asked_for() -> None:
    stream = iter(corpus())
    _, facts = sample(stream, documents=60)
    assert facts["documents"] == 60
    assert next(stream).name == "d60"


# Input that cannot be used


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window_tokens": 1}, "window-tokens is 1; it must be at least 2"),
        ({"windows_per_document": 0}, "windows-per-document is 0; it must be at least 1"),
        ({"documents": 0}, "documents is 0; it must be at least 1"),
        ({"fractions": HALVES | {"test": 0.5}}, r"are 0\.5, 0\.25, 0\.5; .* sum must be 1"),
        ({"fractions": HALVES | {"test": 0.0, "train": 0.75}}, "each must be above 0"),
        ({"windows": 12}, "sampled is 5; .* 12 windows give 6 train, 3 validation, 3 test"),
    ],
)
def test_settings_out_of_range_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        settings(**changes)


def test_a_corpus_that_is_too_small_is_described() -> None:
    documents = [*corpus(6), Document("short", "text")]
    with pytest.raises(InputError) as error:
        sample(documents, sampled=8)
    assert "of 8 tokens, fewer than sampled, 8; the corpus gave 7 documents" in str(error.value)
    assert "1 of all too short" in str(error.value)
    assert "18 windows, of which 0 duplicates" in str(error.value)


def test_bos_needs_a_tokenizer_that_has_one() -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=BYTE_LEVEL.backend_tokenizer)
    with pytest.raises(InputError, match="the tokenizer has no BOS token"):
        sample_windows(corpus(), tokenizer, settings())


# The script


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *changes: str) -> Path:
    """Run the script on text files; later flags win over earlier ones."""
    monkeypatch.setattr(
        sys,
        "argv",
        [
            *["sample_windows.py", "--model-info", f"{folder}/model.json", "--bos", "prepend"],
            *["--kind", "text", "--files", f"{folder}/*.txt", "--windows", "200"],
            *["--window-tokens", "16", "--windows-per-document", "4", "--sampled", "5"],
            *["--train", ".5", "--validation", ".25", "--test", ".25"],
            *["--out", f"{folder}/windows.parquet", *changes],
        ],
    )
    runpy.run_path(str(SCRIPT), run_name="__main__")
    return folder / "windows.parquet"


def write_model_info(path: Path, source: str) -> None:
    """The script reads where the tokenizer is; the other figures play no part."""
    texts = ("model", "architecture", "dtype", "weights_sha256", "tokenizer_sha256")
    numbers = ("n_layers", "n_heads", "n_key_value_heads", "d_model", "d_head", "context")
    numbers += ("vocabulary", "parameters", "bos_token_id")
    rest: dict[str, Any] = dict.fromkeys(texts, "x") | dict.fromkeys(numbers, 1)
    write_record(path, ModelInfo(source=source, revision=None, attention_layers=[0], **rest))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    BYTE_LEVEL.save_pretrained(tmp_path / "model")
    write_model_info(tmp_path / "model.json", f"{tmp_path}/model")
    write_model_info(tmp_path / "gone.json", "/nowhere")
    for name, text in corpus(80):
        (tmp_path / f"{name}.txt").write_text(text)
    (tmp_path / "folder.txt").mkdir()
    return tmp_path


def test_the_script_writes_the_same_bytes_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(monkeypatch, folder)
    first = out.read_bytes()
    assert run(monkeypatch, folder).read_bytes() == first
    table = read_table(out, WINDOWS)
    assert sum(table["sampled"].to_pylist()) == 15
    assert set(map(len, table["tokens"].to_pylist())) == {16}
    facts = read_facts(out)
    assert (facts["kind"], facts["documents"], facts["bos"]) == ("text", 80, "prepend")
    assert (facts["files_skipped"], facts["documents_cut"]) == (1, 0)
    assert str(folder) not in str(facts)
    assert "documents 80" in capsys.readouterr().err


def test_the_script_is_content_with_the_texts_that_the_run_began_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    state = files_state({"files": f"{folder}/*.txt"})
    assert state is not None
    assert run(monkeypatch, folder, "--state", state).exists()
    (folder / "d7.txt").write_text("other")
    assert files_state({"files": f"{folder}/*.txt"}) != state
    assert files_state({"kind": "stackexchange", "folder": str(folder)}) != state
    assert files_state({"kind": "huggingface", "source": "Salesforce/wikitext"}) is None
    assert files_state({"kind": "python-docs"}) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--sampled", "51"], "sampled is 51"),
        (["--model-info", "{folder}/gone.json"], "/nowhere: no tokenizer can be read"),
        (["--kind", "stackexchange"], "--kind stackexchange needs --folder"),
        (["--state", "0" * 16], "the texts of the corpus have changed since the run began"),
    ],
)
def test_the_script_ends_with_a_sentence_and_no_file(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as end:
        run(monkeypatch, folder, *(change.format(folder=folder) for change in changes))
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith(f"error: {message}")
    assert not (folder / "windows.parquet").exists()
