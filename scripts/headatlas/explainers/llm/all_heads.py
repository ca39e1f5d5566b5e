"""All heads of a run at once, as far as the replies that are there carry them.

Slow to import.
"""

import asyncio
from argparse import Namespace

from ...controls import Head, controls_of
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
        """Under its own explanation, and under those of its controls that are there."""
        explanation = self._last(at)
        if explanation is None or at in self._judged:
            return
        controls = [self._last(of) for of in controls_of(self._heads, at, self._args.controls)]
        known = [control for control in controls if control is not None]
        asking = judging(of_head(self._args, at, 0), explanation, known, self._clients[1])
        or_failed(
            lambda: self._runner.run(asking), lambda reason: judgement_of(explanation, reason)
        )
        if known == controls:
            self._judged.add(at)

    def _last(self, at: Head) -> Explanation | None:
        """The head's explanation after all rounds."""
        rounds = self._rounds[at]
        return rounds[-1] if len(rounds) > self._args.rounds else None
