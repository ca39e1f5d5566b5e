"""All heads of a run at once, as far as the replies that are there carry them.

Slow to import.
"""

import asyncio
from argparse import Namespace

from ...controls import Alike, Head, alike_in_words, controls_of
from ...errors import or_failed
from ...llm.client import Client
from ...llm.collecting import Wanted
from ...names import parse_head
from ...records.explanation import Explanation
from ..unexplained import failed_explanation
from .arguments import head_of, of_head
from .judge import judgement_of
from .rounds import explaining, judging


class AllHeads:
    """What is known of the heads of a run, from clients that may not have all replies yet."""

    def __init__(self, args: Namespace, clients: tuple[Client, Client], runner: asyncio.Runner):
        self._args, self._clients, self._runner = args, clients, runner
        self._heads = [parse_head(name) for name in args.heads]
        self._rounds: dict[Head, list[Explanation]] = {at: [] for at in self._heads}
        self._judged: set[Head] = set()
        self._compared: Alike | None = None

    def go_on(self) -> bool:
        """Take every head through its rounds, and to the judge; false if one waits for a reply.

        A head that waits has noted all that it wants. Raises AskError.
        """
        waiting = False
        for step in (self._explain, self._judge):
            for at in self._heads:
                try:
                    step(at)
                except Wanted:
                    waiting = True
        return not waiting

    @property
    def state(self) -> str:
        """How far they have come."""
        heads, explained = len(self._heads), sum(map(len, self._rounds.values()))
        of = heads * (self._args.rounds + 1)
        return f"{explained} of {of} explanations, {len(self._judged)} of {heads} judgements"

    def _explain(self, at: Head) -> None:
        rounds = self._rounds[at]
        while len(rounds) <= self._args.rounds:
            rounds.append(self._explanation(at, rounds))

    def _explanation(self, at: Head, rounds: list[Explanation]) -> Explanation:
        args = of_head(self._args, at, len(rounds))
        asking = explaining(args, rounds[-1] if rounds else None, *self._clients)
        return or_failed(
            lambda: self._runner.run(asking),
            lambda reason: failed_explanation(head_of(args), reason),
        )

    def _judge(self, at: Head) -> None:
        """Under its own explanation, and under those of its controls once they are known."""
        explanation = self._last(at)
        if explanation is None or at in self._judged:
            return
        alike = self._alike()
        controls = self._controls(at, alike) if alike else []
        asking = judging(of_head(self._args, at, 0), explanation, controls, self._clients[1])
        or_failed(
            lambda: self._runner.run(asking), lambda reason: judgement_of(explanation, reason)
        )
        if alike:
            self._judged.add(at)

    def _alike(self) -> Alike | None:
        """How alike the explanations are, once all heads have been explained in all rounds."""
        if self._compared is None:
            last = {at: self._last(at) for at in self._heads}
            known = {at: explanation for at, explanation in last.items() if explanation}
            if len(known) == len(self._heads):
                self._compared = alike_in_words(known)
        return self._compared

    def _controls(self, at: Head, alike: Alike) -> list[Explanation]:
        """The explanations that are held against a head."""
        found = controls_of(self._heads, at, self._args.controls, among=alike.differing(at))
        return [explanation for of in found if (explanation := self._last(of))]

    def _last(self, at: Head) -> Explanation | None:
        """The head's explanation after all rounds."""
        rounds = self._rounds[at]
        return rounds[-1] if len(rounds) > self._args.rounds else None
