"""The templates of pages and reports, and what all of them know."""

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

from headatlas import figures, visible
from headatlas.measure import CONTROLS
from headatlas.records.base import head_name

from . import charts, formats
from .catalogue import MEASURED_ON


def environment(templates: Path) -> jinja2.Environment:
    """The templates, with everything escaped in HTML and an error for a missing name."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=jinja2.select_autoescape(("html",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "number": figures.number,
        "dollars": formats.dollars,
        "effect": formats.effect,
        "percent": formats.percent,
        "probability": formats.probability,
        "tick": formats.tick,
        "readable": formats.readable,
        "visible": visible.visible,
        "md": visible.markdown,
    }
    made.globals |= {
        "charts": charts,
        "interval": figures.interval,
        "head_name": head_name,
        "measured_on": MEASURED_ON,
        "against": CONTROLS,
    }
    return made


def script(env: jinja2.Environment, name: str) -> dict[str, Markup]:
    """A page's script and the hash by which its content security policy admits it alone.

    Where the page `loads` another, that is one which this script asks for.
    """
    text = env.get_template(name).render()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"script": Markup(text), "script_hash": Markup(digest)}
