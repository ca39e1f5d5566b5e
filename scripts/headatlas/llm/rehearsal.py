"""What would be asked, and what it would cost, without asking anybody."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from ..records.usage import Usage
from ..settings.endpoint import Connection, Sampling
from .client import Client, Message, Reply
from .usage import add

BYTES_PER_TOKEN = 4  # of English, about; code and other scripts take more tokens
MESSAGE_TOKENS = 4  # around each message
StandIn = Callable[[int, Sequence[Message], type[BaseModel] | None], str]
_NUMBERED = re.compile(r'^\d+\t".*"$', re.MULTILINE)  # a token of which the level is asked


def tokens_of(text: str) -> int:
    """About how many tokens a language model reads in a text, from its length in UTF-8."""
    return math.ceil(len(text.encode(errors="replace")) / BYTES_PER_TOKEN)


def yes(per_call: int) -> StandIn:
    """The stand-in of a judge that says yes to everything it is asked, `per_call` items at once.

    Where a prompt numbers tokens it gives each of them a level.
    """
    numbered = "\n".join(f"{n + 1}: yes" for n in range(per_call))

    def said(call: int, messages: Sequence[Message], kind: type[BaseModel] | None) -> str:
        if tokens := len(_NUMBERED.findall(messages[-1]["content"])):
            return "\n".join(f"{n + 1}: 5" for n in range(tokens))
        return numbered if per_call > 1 else "yes"

    return said


def estimate_row(
    about: Mapping[str, object], task: str, endpoint: str, heads: tuple[int, int], usage: Usage
) -> dict[str, object]:
    """A row of `records.spending.ESTIMATE`: what was rehearsed for all heads of a run.

    `about` is its model, corpus and explainer; `heads` counts its heads, for which `usage` is,
    and those with random weights, which are taken to cost as much each.
    """
    share = sum(heads) / heads[0]
    return {
        **about,
        "task": task,
        "endpoint": endpoint,
        "heads": sum(heads),
        "calls": round(usage.calls * share),
        "input_tokens": round(usage.input_tokens * share),
        "output_tokens": round(usage.output_tokens * share),
        "dollars": None if usage.dollars is None else round(usage.dollars * share, 4),
    }


class Rehearsal(Client):
    """A client that answers itself, with `stand_in(call, prompt, kind)`.

    The kind is that of the JSON that is wanted, if any.

    `usage` counts every prompt once, as the cache of replies does. It has no latency.
    """

    def __init__(
        self,
        sampling: Sampling,
        connection: Connection,
        stand_in: StandIn,
    ):
        super().__init__(sampling, connection, replies=Path(), environment={})
        self._stand_in = stand_in
        self._replies: dict[str, Reply] = {}

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        sample: int = 0,
        logprobs: bool = False,
    ) -> Reply:
        prompt = repr((messages, sample))
        if prompt not in self._replies:
            text = self._stand_in(len(self._replies), messages, schema)
            usage = self._usage(
                sum(MESSAGE_TOKENS + tokens_of(m["content"]) for m in messages), text
            )
            self._replies[prompt] = Reply(
                text=text, finish="stop", refusal=None, first_tokens=None, usage=usage
            )
            self.usage = add(self.usage, usage)
        return self._replies[prompt]

    def _usage(self, asked: int, text: str) -> Usage:
        said = tokens_of(text)
        return Usage(
            calls=1,
            retries=0,
            input_tokens=asked,
            output_tokens=said,
            dollars=self._connection.dollars(asked, said),
            seconds=0.0,
        )
