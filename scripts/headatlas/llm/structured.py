"""Replies of a given form: JSON that fits a pydantic model, repaired by the model itself."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..printable import printable, quoting
from .client import Client
from .cut import fills_window, why_cut
from .exchange import Message, Reply
from .thoughts import only_thoughts, without_thoughts

T = TypeVar("T", bound=BaseModel)
_OBJECT = re.compile(r'\{(?=\s{0,100}["}])')  # not a brace in prose
_QUOTED = 300  # characters of a refusal, which is a reason in records
_TRIES = 1000  # to read an object; a reply has a few, and each that fails takes its length
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
    is final, and so is a reply that is all thoughts, or for which the window has no more room.
    Raises Unusable and AskError.
    """
    talk, most = list(messages), client.sampling.max_tokens
    for repair in range(repairs + 1):
        reply = await client.ask(talk, schema=kind, sample=sample)
        try:
            return _read(reply, kind, check, most)
        except ValueError as error:
            final = _refused(reply) or only_thoughts(reply) or fills_window(reply, most)
            if repair == repairs or final:
                said = "" if _refused(reply) else reply.text.strip()
                raise Unusable(quoting(str(error), said) if said else str(error)) from None
            talk += [
                {"role": "assistant", "content": reply.text.strip() or "(nothing)"},
                {"role": "user", "content": f"This cannot be used: {error}. {_REQUEST}"},
            ]
    raise AssertionError("unreachable")


def _refused(reply: Reply) -> bool:
    return reply.refusal is not None or reply.finish == "content_filter"


def _read(reply: Reply, kind: type[T], check: Callable[[T], None] | None, most: int) -> T:
    """Raises ValueError with what is wrong; `most` is max_tokens.

    A reply that goes on after the object until it is cut off has said what was asked.
    """
    if _refused(reply):
        said = f": {reply.refusal[:_QUOTED]}" if reply.refusal else ""
        raise ValueError(f"the model refused to answer{said}")
    if not reply.text.strip() and reply.finish not in ("stop", "unknown", "length"):
        raise ValueError(f"the reply is empty, its finish_reason {reply.finish}")
    try:
        text = object_in(reply.text)
    except ValueError:
        if reply.finish == "length":
            raise ValueError(why_cut(reply, most)) from None
        raise
    try:
        found = kind.model_validate_json(text)
    except ValidationError as error:
        flaws = [f"{'.'.join(map(str, e['loc'])) or 'object'}: {e['msg']}" for e in error.errors()]
        raise ValueError(f"the JSON object is not as asked for ({'; '.join(flaws[:5])})") from None
    if check:
        check(found)
    return found


def object_in(text: str) -> str:
    """The first JSON object in the text, whatever stands around it, as strict and printable JSON.

    Line breaks and tabs may stand in its strings as they are. Raises ValueError with the reason.
    """
    text = without_thoughts(text)
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=_unique)
    broken: ValueError | None = None
    start = 0
    for _ in range(_TRIES):
        if (begin := _OBJECT.search(text, start)) is None:
            break
        start = begin.start()
        before = text[max(0, start - 100) : start].rstrip()
        try:
            found, _ = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            broken = broken or ValueError(f"the JSON object is broken ({error})")
            start = max(start + 1, error.pos)  # what was read so far is inside of it
            continue
        except RecursionError:
            raise ValueError("the JSON object is nested too deep") from None
        except ValueError as error:  # a key that is there twice, a number of too many digits
            raise ValueError(f"the JSON object is broken ({error})") from None
        if broken is None and before.endswith("["):
            what = "object is broken" if "{" in text[:start] else "is a list, not one object"
            raise ValueError(f"the JSON {what}")
        if broken is None or not before.endswith(("[", ",", '":')):
            return json.dumps(_printable(found))
        start += 1
    raise broken or ValueError("the reply holds no JSON object" if text else "the reply is empty")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Raises ValueError if a key is there twice: which is meant, nobody knows."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(n for n in names if names.count(n) > 1)} is there twice")
    return found


def _printable(value: Any) -> Any:
    """JSON with strings that can be shown; those of a terminal's escapes are not."""
    if isinstance(value, dict):
        return {printable(key): _printable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_printable(part) for part in value]
    return printable(value) if isinstance(value, str) else value
