"""Prompts from templates, and the fence around what others wrote."""

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).parents[4] / "workflow/templates/prompts"


def render(template: str, folder: Path = TEMPLATES, /, **values: object) -> str:
    """A template with these values, and `fence`, without white space at its ends.

    The template is one of `folder`, and may use those of TEMPLATES.

    `fence` is a word of 12 hexadecimal digits that occurs in none of the values. Text of a
    corpus or of a model stands between the lines `<data fence>` and `</data fence>`, which
    it can therefore not close.

    Raises jinja2.UndefinedError if the template uses a value that is not given.
    """
    fence = unused_word(repr(sorted(values.items())))
    return _environment(folder).get_template(template).render(values, fence=fence).strip()


def unused_word(text: str) -> str:
    """A word that does not occur in `text`, always the same for the same text."""
    word = text
    while word in text:
        word = hashlib.sha256(word.encode("utf-8", "backslashreplace")).hexdigest()[:12]
    return word


@functools.cache
def _environment(folder: Path) -> "jinja2.Environment":
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, TEMPLATES]),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # prompts are text, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
