"""Simulated levels: what a reply says of each token, and its expected value, worked out by hand."""

import math

import pytest

from headatlas.explainers.llm.levels import levels_of
from headatlas.llm.completion import Completion, reply_of
from headatlas.llm.exchange import Reply
from headatlas.settings.endpoint import Connection

CONNECTION = Connection(base_url="http://localhost/v1")
Said = str | tuple[str, dict[str, float]]  # a token, and the probabilities of the likeliest


def reply(*tokens: Said, text: str | None = None) -> Reply:
    """What a server sends of these tokens, as the client reads it."""
    content = []
    for token in tokens:
        said, likeliest = (token, {token: 1.0}) if isinstance(token, str) else token
        logs = [{"token": t, "logprob": math.log(p)} for t, p in likeliest.items()]
        content.append({"token": said, "logprob": logs[0]["logprob"], "top_logprobs": logs})
    joined = "".join(entry["token"] for entry in content)
    choice = {
        "message": {"content": joined if text is None else text},
        "finish_reason": "stop",
        "logprobs": {"content": content},
    }
    completion = Completion.model_validate({"choices": [choice]})
    return reply_of(completion, CONNECTION, retries=0, seconds=0.0)


def plain(text: str) -> Reply:
    """The same of a server without log-probabilities."""
    choice = {"message": {"content": text}, "finish_reason": "stop"}
    completion = Completion.model_validate({"choices": [choice]})
    return reply_of(completion, CONNECTION, retries=0, seconds=0.0)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("1: 0\n2: 10\n3: 7", [0, 10, 7]),
        ("**1**: 0,\n- 2 = 4\n3) 7.\n", [0, 4, 7]),
        ("Here they are:\n\n3: 1\n2: 2\n1: 3", [3, 2, 1]),
        ("<think>1: 9\n2: 9\n3: 9</think>1: 0\n2: 1\n3: 2", [0, 1, 2]),
        ("1: 0\n2: 10", None),  # one is missing
        ("1: 0\n2: 11\n3: 7", None),
        ("1: 0\n2: 0.5\n3: 7", None),
        ("1: 0\n2: -3\n3: 7", None),
        ("1: 0\n2: 1\n2: 1\n3: 7", None),  # twice
        ("1: 0\n2: 1\n3: 7\n4: 0", None),  # more than were asked about: which is which?
        ("0: 0\n1: 1\n2: 7", None),
        ('1: " the" 0\n2: 1\n3: 7', None),
        ("0 0 7", None),
        ("I cannot say.", None),
        ("1: 0\n2: 99999999999999999999\n3: 7", None),
        ("9" * 5000 + ": 0\n1: 0\n2: 0\n3: 0", [0, 0, 0]),
        ("", None),
    ],
)
def test_sampled_digits(text: str, levels: list[float] | None) -> None:
    assert levels_of(plain(text), [3]) == [levels]


def test_a_passage_that_is_not_told_whole_costs_no_other() -> None:
    assert levels_of(plain("1: 0\n2: 1\n3: 2\n4: x\n5: 5"), [2, 2, 1]) == [[0, 1], None, [5]]


def test_expected_values_by_hand() -> None:
    said = reply("1", ":", " ", ("3", {"3": 0.5, "4": 0.25, "the": 0.15, "10": 0.1}), "\n")
    ((level,),) = levels_of(said, [1])
    assert level == pytest.approx((3 * 0.5 + 4 * 0.25 + 10 * 0.1) / 0.85)


def test_a_number_with_the_space_before_it() -> None:
    tokens = ("1", ":", ("Ġ7", {"Ġ7": 0.6, "▁9": 0.2}), "\n2:", (" 0", {" 0": 0.9, " 1": 0.1}))
    said = reply(*tokens, text="1: 7\n2: 0")
    assert levels_of(said, [2]) == [[pytest.approx(6.0 / 0.8), pytest.approx(0.1)]]


@pytest.mark.parametrize(
    ("after", "zero"),
    [(("\n", {"\n": 0.7, "0": 0.3}), 0.3), (("\n", {"\n": 1.0}), 0.0), (("0", {"0": 0.8}), 0.8)],
)
def test_ten_may_be_two_tokens(after: Said, zero: float) -> None:
    """Then the probability of 1 is also that of 10, and the next token tells them apart."""
    said = reply("1", ":", " ", ("1", {"1": 0.6, "2": 0.4}), after)
    expected = 0.6 * (1 - zero) * 1 + 0.6 * zero * 10 + 0.4 * 2
    assert levels_of(said, [1]) == [[pytest.approx(expected)]]


def test_a_nought_that_does_not_follow_is_not_its_second_half() -> None:
    said = reply("1", ":", ("1", {"1": 1.0}), "\n", ("2", {"2": 0.5, "0": 0.5}), ":", "4")
    assert levels_of(said, [2]) == [[1.0, 4.0]]


@pytest.mark.parametrize(
    "said",
    [
        reply("1", ":", ("3", {"the": 0.8, "3": 0.1, "4": 0.1}), "\n"),  # another word is likelier
        reply("1", ":", ("8", {"8": 0.6, "9": 0.4}), "\n", text="1: 3"),  # tokens of another text
        reply(("1:3", {"1:3": 1.0}), "\n"),  # no token begins with the level
    ],
)
def test_what_the_tokens_do_not_tell_is_taken_from_the_text(said: Reply) -> None:
    assert levels_of(said, [1]) == [[3.0]]


def test_thoughts_have_numbers_of_their_own() -> None:
    said = reply("<think>", "1", ":", "9", "</think>", "1", ":", ("2", {"2": 0.5, "4": 0.5}))
    assert levels_of(said, [1]) == [[pytest.approx(3.0)]]


def test_no_text_but_numbers_is_kept_of_tokens() -> None:
    said = reply("my", "key", "1", ":", ("3", {"3": 0.5, "key": 0.4}))
    assert said.numbers is not None
    assert [(n.place, n.digits, [*n.likeliest]) for n in said.numbers] == [
        (2, "1", ["1"]),
        (4, "3", ["3"]),
    ]
    assert plain("1: 3").numbers is None
