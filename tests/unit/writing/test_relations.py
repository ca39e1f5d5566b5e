"""Lists of relations: the file, and which tokens its words are."""

from itertools import pairwise
from pathlib import Path

import pytest
from small_tokenizers import BOS, BYTE_LEVEL, SENTENCEPIECE

from headatlas.tokens.vocabulary import ordinary_tokens, token_by_text
from headatlas.writing.analysis import LEAST_PAIRS, asked
from headatlas.writing.relations import RELATIONS, RelationsError, read_relations, token_pairs

HEADER = "relation,source,target\n"


def test_ours_are_many_and_have_enough_pairs() -> None:
    ours = read_relations(RELATIONS)
    assert len(ours) >= 25
    assert all(len(pairs) > LEAST_PAIRS for pairs in ours.values())
    assert ("France", "Paris") in ours["capital of the country"]
    assert ("the", " the") in ours["same word after a space"]
    assert all(source == target for source, target in ours["same token"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "other columns; allowed: relation,source,target"),
        ("source,target\na,b\n", "other columns; allowed: relation,source,target"),
        (HEADER, "no rows; allowed: a row for each pair"),
        (HEADER + "r,a,b\nr,a\n", "line 3: 2 cells; allowed: 3 cells in a row"),
        (HEADER + "r,,b\n", "line 2: an empty cell; allowed: no empty cells"),
        (HEADER + ",a,b\n", "line 2: an empty cell; allowed: no empty cells"),
        (HEADER + "r,a,b\nr,a,b\n", "line 3: 'a' and 'b' again; allowed: a pair once in a rel"),
        (HEADER + "ours,a,b\n", "line 2: the relation 'ours' is one that Head Atlas has already"),
        (HEADER + f"{'r' * 61},a,b\n", "line 2: the name of the relation has 61 characters; "),
        (HEADER + 'r,"a,b\n', "no CSV file in UTF-8"),
    ],
)
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(text)
    with pytest.raises(RelationsError) as error:
        read_relations(file, taken=["ours"])
    assert str(error.value).startswith(f"{file}: {problem}")


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RelationsError, match="No such file or directory; allowed: a CSV file"):
        read_relations(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + "r,é,b\n".encode("latin-1"))
    with pytest.raises(RelationsError, match=r"no CSV file in UTF-8 .*; allowed: a CSV file"):
        read_relations(tmp_path / "latin.csv")


def test_words_are_tokens_after_a_space_first_and_marks_as_they_are_written() -> None:
    token_of = {" a": 1, " b": 2, "a": 3, "b": 4, "c": 5, "(": 6, ")": 7, " (": 8, " )": 9}
    assert token_pairs([("a", "b")], token_of) == [(1, 2)]
    assert token_pairs([("a", "c")], token_of) == [(3, 5)]  # " c" is none, so neither has a space
    assert token_pairs([("(", ")"), (" (", ")")], token_of) == [(6, 7), (8, 7)]
    assert token_pairs([("a", " a")], token_of) == [(3, 1)]
    assert token_pairs([("a", "x"), ("a", "b"), ("a", "b")], token_of) == [(1, 2)]


def test_a_relation_with_few_tokens_is_left_out_and_said() -> None:
    letters = "abcdefgh"
    token_of = {letter: n for n, letter in enumerate(letters)}
    pairs = list(pairwise(letters))
    found = asked({"next": pairs}, {"few": [*pairs[:4], ("xx", "yy")]}, token_of)
    assert list(found.pairs) == ["next"] and found.pairs["next"].tolist()[0] == [0, 1]
    next_, few = found.about
    assert (next_.pairs, next_.listed, next_.own, next_.left_out) == (7, 7, False, None)
    assert (few.pairs, few.listed, few.own) == (4, 5, True)
    assert few.left_out == "fewer than 5 pairs of single tokens"


def test_tokens_are_found_by_their_text_in_both_kinds_of_vocabulary() -> None:
    for tokenizer, text in ((BYTE_LEVEL, " the"), (SENTENCEPIECE, " a")):
        token = token_by_text(tokenizer)[text]
        assert ordinary_tokens(tokenizer)[token] == text
    assert BOS not in ordinary_tokens(BYTE_LEVEL).values()
    # A letter is itself, not the byte that it also is.
    assert token_by_text(SENTENCEPIECE)["a"] == SENTENCEPIECE.get_vocab()["a"]
