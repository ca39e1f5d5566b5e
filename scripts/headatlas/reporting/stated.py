"""What an explainer states that a head writes, held against the same test text as other claims."""

from collections.abc import Iterable
from typing import NamedTuple

from ..records.explanation import Explanation
from ..records.write_claims import HeadClaims, WriteClaim

NOT_TESTED = "not tested"


class Stated(NamedTuple):
    """What it says in words, and the tests of as much of that as can be tested."""

    words: str
    tests: list[WriteClaim]

    @property
    def held(self) -> bool:
        """Whether all of that holds."""
        return bool(self.tests) and all(claim.holds for claim in self.tests)

    @property
    def verdict(self) -> str:
        """Whether it holds, in words."""
        if not self.tests:
            return NOT_TESTED
        held = sum(claim.holds for claim in self.tests)
        if 0 < held < len(self.tests):
            return f"{held} of its {len(self.tests)} claims holds on test text"
        return "holds on test text" if held else "does not hold on test text"

    @property
    def sentence(self) -> str:
        """Words and verdict."""
        said = f"{self.words.rstrip('.')}: " if self.words else "no words, but a claim: "
        return f"By its explainer, the head {said}{self.verdict}."


def stated(explanation: Explanation, head: HeadClaims | None) -> Stated | None:
    """What an explanation states; None if nothing. `head` are all claims that can be tested."""
    if not (explanation.writing or explanation.write_claims):
        return None
    wanted = {(said.effect, said.object) for said in explanation.write_claims}
    found = [*head.claims, *head.others] if head else []
    tests = [c for c in found if (c.effect, c.object) in wanted and c.test.value is not None]
    return Stated(explanation.writing, tests)


class Counts(NamedTuple):
    """Heads of which something is stated, of which it can be tested, and of which it all holds."""

    said: int
    tested: int
    held: int


def counts(found: Iterable[Stated | None]) -> Counts:
    """Counts over heads."""
    said = [one for one in found if one]
    return Counts(len(said), sum(bool(one.tests) for one in said), sum(one.held for one in said))
