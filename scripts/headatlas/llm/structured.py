"""Replies of a given form: JSON that fits a pydantic model, repaired by the model itself."""

import json
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from .client import Client
from .exchange import Message, Reply

T = TypeVar("T", bound=BaseModel)
_REQUEST = "Answer the question again, with one JSON object of the form asked for and nothing else."


class Unusable(Exception):
    """No reply could be used; the message says in a sentence what is wrong with the last."""


async def ask_for(
    client: Client,
    messages: Sequence[Message],
    kind: type[T],
    *,
    check: Callable[[T], None] | None = None,
    repairs: int = 2,
    sample: int = 0,
) -> T:
    """A reply of the given kind, which the prompt must describe: not every server is told it.

    `check` raises ValueError with a sentence for the model if a reply of this kind is still
    wrong. A wrong reply is sent back with what is wrong, `repairs` times at most; a refusal
    is final. Raises Unusable and AskError.
    """
    talk = list(messages)
    for repair in range(repairs + 1):
        reply = await client.ask(talk, schema=kind, sample=sample)
        try:
            return _read(reply, kind, check)
        except ValueError as error:
            if repair == repairs or _refused(reply):
                raise Unusable(str(error)) from None
            talk += [
                {"role": "assistant", "content": reply.text or "(nothing)"},
                {"role": "user", "content": f"This cannot be used: {error}. {_REQUEST}"},
            ]
    raise AssertionError("unreachable")


def _refused(reply: Reply) -> bool:
    return reply.refusal is not None or reply.finish == "content_filter"


def _read(reply: Reply, kind: type[T], check: Callable[[T], None] | None) -> T:
    """Raises ValueError with what is wrong."""
    if _refused(reply):
        said = f": {reply.refusal}" if reply.refusal else ""
        raise ValueError(f"the model refused to answer{said}")
    if reply.finish == "length":
        raise ValueError("the reply was cut off at max_tokens; a shorter one is needed")
    text = object_in(reply.text)
    try:
        found = kind.model_validate_json(text)
    except ValidationError as error:
        flaws = [f"{'.'.join(map(str, e['loc'])) or 'object'}: {e['msg']}" for e in error.errors()]
        raise ValueError(f"the JSON object is not as asked for ({'; '.join(flaws[:5])})") from None
    if check:
        check(found)
    return found


def object_in(text: str) -> str:
    """The first JSON object in the text, whatever stands around it. Raises ValueError."""
    text = text.strip()
    if not text.startswith(("{", "```")):
        _, closed, rest = text.partition("</think>")  # the opening tag may be in the prompt
        text = rest.strip() if closed else text
    decoder = json.JSONDecoder()
    for start in (brace.start() for brace in re.finditer("{", text)):
        try:
            _, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if text[:start].rstrip().endswith("["):
            raise ValueError("the reply is a list, not one JSON object")
        return text[start:end]
    raise ValueError("the reply holds no JSON object" if text else "the reply is empty")
