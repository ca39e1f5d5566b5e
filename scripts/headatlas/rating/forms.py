"""What browsers send: read with a limit, and checked before anything is kept."""

import unicodedata
from typing import NoReturn
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

from .store import Marked
from .units import Unit

LONGEST_NAME, LONGEST_TEXT = 60, 2000  # characters
LARGEST_BODY = 64 * 1024  # bytes
MOST_FIELDS = 2000
_FORM = "application/x-www-form-urlencoded"
Form = dict[str, list[str]]


async def form_of(request: Request) -> Form:
    """The fields of a form. Raises HTTPException if it is none, or too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        refuse(415, f"This is not a form ({_FORM}).")
    body = await request.body()  # no larger than the application allows
    try:
        text = body.decode("ascii")
        return parse_qs(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        refuse(400, "The form cannot be read: it is not encoded as forms are.")


def one(form: Form, name: str, missing: str | None = None) -> str:
    """The field that a form has once. Raises HTTPException."""
    values = form.get(name, [] if missing is None else [missing])
    if len(values) != 1:
        refuse(422, f"The form needs the field {name} once.")
    return values[0]


def name_in(form: Form) -> str:
    """A rater's name, with single spaces. Raises HTTPException."""
    name = unicodedata.normalize("NFC", " ".join(one(form, "name").split()))
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        refuse(422, f"A name has 1 to {LONGEST_NAME} visible characters.")
    return name


def rating_in(form: Form) -> int:
    """The point of the scale. Raises HTTPException."""
    value = one(form, "rating", "")
    if value not in ("1", "2", "3", "4", "5"):
        refuse(422, "A rating is a number from 1 to 5.")
    return int(value)


def own_in(form: Form) -> str:
    """An explanation of the rater's own; empty for none. Raises HTTPException."""
    text = one(form, "own", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST_TEXT:
        refuse(422, f"An explanation has at most {LONGEST_TEXT} characters.")
    return text


def marks_in(form: Form, unit: Unit) -> Marked | None:
    """Positions by window, as `window.position`; None if the rater cannot tell.

    Raises HTTPException for what was not there to be marked.
    """
    if "unsure" in form:
        return None
    known = {f"{w.window}.{at}": w.window for w in unit.unseen for at in range(1, len(w.pieces))}
    marked: Marked = {window.window: [] for window in unit.unseen}
    for mark in dict.fromkeys(form.get("mark", [])):
        if mark not in known:
            refuse(422, "A mark is at a token that was not shown.")
        marked[known[mark]].append(int(mark.partition(".")[2]))
    return {window: sorted(positions) for window, positions in marked.items()}


def refuse(status: int, sentence: str) -> NoReturn:
    """Raise HTTPException with a sentence for the page."""
    raise HTTPException(status, sentence)
