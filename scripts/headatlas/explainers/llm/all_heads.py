"""All heads of a run at once: as far as the replies that are there carry them, or to the end.

Slow to import.
"""

import asyncio
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ...controls import Alike, Head, alike_in_words, controls_of
from ...errors import or_failed
from ...llm.client import Client
from ...llm.collecting import Wanted
from ...llm.together import together
from ...names import parse_head
from ...records.explanation import Explanation
from ..unexplained import failed_explanation
from .arguments import head_of, of_head
from .judge import judgement_of
from .rounds import explaining, judging

AT_ONCE = 64  # heads under way at the same time, of which everything is in memory
R = TypeVar("R")


class AllHeads:
    """What is known of the heads of a run, from clients that may not have all replies yet."""

    def __init__(self, args: Namespace, clients: tuple[Client, Client]):
        self._args, self._clients = args, clients
        self._heads = [parse_head(name) for name in args.heads]
        self._rounds: dict[Head, list[Explanation]] = {at: [] for at in self._heads}
        self._judged_alone: set[Head] = set()  # under their own explanations
        self._judged: set[Head] = set()
        self._compared: Alike | None = None

    async def go_on(self) -> bool:
        """Take all heads at once through their rounds, and to the judge; false if one waits.

        A head that waits for a reply has noted all that it wants. Raises AskError.
        """
        waits = False
        for step in (self._alone, self._beside_others):
            waits |= await self._of_all(step)
        return not waits

    async def _of_all(self, step: Callable[[Head], Awaitable[None]]) -> bool:
        """Whether a head waits for a reply. Once a step has failed no other is begun."""
        gate, door, failed = asyncio.Semaphore(AT_ONCE), asyncio.Lock(), False

        async def taken(at: Head) -> bool:
            nonlocal failed
            async with gate:
                async with door:  # one after another, for calls to go out while others are read
                    await asyncio.sleep(0)
                try:
                    if not failed:
                        await step(at)
                except Wanted:
                    return True
                except BaseException:
                    failed = True
                    raise
            return False

        return any(await together(map(taken, self._heads)))

    @property
    def state(self) -> str:
        """How far they have come."""
        heads, explained = len(self._heads), sum(map(len, self._rounds.values()))
        of = heads * (self._args.rounds + 1)
        return f"{explained} of {of} explanations, {len(self._judged)} of {heads} judgements"

    async def _alone(self, at: Head) -> None:
        """What takes no other head: its explanation, and the judgement under it.

        Nobody waits for that judgement, so calls are not idle while the last heads are explained.
        """
        rounds = self._rounds[at]
        while len(rounds) <= self._args.rounds:
            rounds.append(await self._explanation(at, rounds))
        if at not in self._judged_alone:
            await self._judge(at, rounds[-1], [])
            self._judged_alone.add(at)

    async def _explanation(self, at: Head, rounds: list[Explanation]) -> Explanation:
        args = of_head(self._args, at, len(rounds))
        asking = explaining(args, rounds[-1] if rounds else None, *self._clients)
        return await _or_failed(asking, lambda reason: failed_explanation(head_of(args), reason))

    async def _beside_others(self, at: Head) -> None:
        """The judgement under the explanations of its controls, once they are known."""
        explanation, alike = self._last(at), self._alike()
        if explanation is None or alike is None or at in self._judged:
            return
        if controls := self._controls(at, alike):
            await self._judge(at, explanation, controls)
        self._judged.add(at)

    async def _judge(
        self, at: Head, explanation: Explanation, controls: Sequence[Explanation]
    ) -> None:
        asking = judging(of_head(self._args, at, 0), explanation, controls, self._clients[1])
        await _or_failed(asking, lambda reason: judgement_of(explanation, reason))

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


async def _or_failed(asking: Awaitable[R], failed: Callable[[str], R]) -> R:
    """As `errors.or_failed`, of what is to be awaited."""
    try:
        return await asking
    except Exception as error:
        broken = error

    def again() -> R:
        raise broken

    return or_failed(again, failed)
