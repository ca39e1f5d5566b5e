"""How active a head is said to be, token by token: the levels of a reply."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from ...llm.exchange import Number, Reply
from ...llm.thoughts import without_thoughts

HIGHEST = 10  # where the head writes as much as anywhere; 0 is next to nothing
LINE_TOKENS = 8  # of a reply's line, at most: its number, a colon, the level, a line break
# Log-probabilities count if the model was about to say a number, probably.
_SURE = 0.5
_LINE = re.compile(
    r"^[^\w\n]*([0-9]{1,9})[^\w\n]{1,8}(?<![-−.,])([0-9]{1,9})[^\w\n]*$", re.MULTILINE
)
_LEVELS = {str(level): float(level) for level in range(HIGHEST + 1)}
Probabilities = Mapping[float, float]  # of levels


def levels_of(reply: Reply, counts: Sequence[int]) -> list[list[float] | None]:
    """The levels of passages of so many tokens each, whose lines are numbered from 1 on.

    A level is its expected value where the reply has log-probabilities of its number. None for a
    passage of which a token has no line, two, or one with another level than 0 to HIGHEST; and
    for all of them if a line has a number that was not asked for: then which is which is not known.
    """
    lines: dict[int, list[float | None]] = {}
    said = without_thoughts(reply.text)
    begin, probabilities = len(reply.text.rstrip()) - len(said), _probabilities(reply)
    for line in _LINE.finditer(said):
        level = _LEVELS.get(line[2])
        expected = expectation(probabilities.get(begin + line.start(2), {}))
        told = level if level is None or expected is None else expected
        lines.setdefault(int(line[1]), []).append(told)
    if any(not 1 <= number <= sum(counts) for number in lines):
        return [None] * len(counts)
    found: list[list[float] | None] = []
    first = 1
    for count in counts:
        own = [lines.get(number, []) for number in range(first, first + count)]
        levels = [level for said_of in own for level in said_of if level is not None]
        found.append(levels if all(len(o) == 1 for o in own) and len(levels) == count else None)
        first += count
    return found


def expectation(probabilities: Probabilities) -> float | None:
    """The expected level, Σ n p(n) / Σ p(n); None if another word is more probable than all."""
    total = sum(probabilities.values())
    if total < _SURE:
        return None
    return sum(level * p for level, p in probabilities.items()) / total


def _probabilities(reply: Reply) -> dict[int, Probabilities]:
    """How probable each level is, by the place in the text at which a number begins.

    Tokens and text are held together by their digits: nothing, if those are not the same.
    """
    numbers = reply.numbers or []
    places = [at for at, character in enumerate(reply.text) if "0" <= character <= "9"]
    if "".join(number.digits for number in numbers) != "".join(reply.text[at] for at in places):
        return {}
    found: dict[int, Probabilities] = {}
    passed = 0
    for number, following in zip_longest(numbers, numbers[1:]):
        if number.digits:
            found[places[passed]] = _of_level(number, following)
            passed += len(number.digits)
    return found


def _of_level(number: Number, following: Number | None) -> Probabilities:
    """How probable each level is where a number begins.

    A tokenizer may write 10 as 1 and 0. Then 1 is only as probable as that no 0 follows it, which
    the next token tells where 1 was said.
    """
    found = {
        _LEVELS[token]: math.exp(logarithm)
        for token, logarithm in number.likeliest.items()
        if token in _LEVELS
    }
    if number.digits == "1" and 1 in found and following and following.place == number.place + 1:
        zero = math.exp(following.likeliest.get("0", -math.inf))
        found[HIGHEST] = found.get(HIGHEST, 0.0) + found[1] * zero
        found[1] *= 1 - zero
    return found
