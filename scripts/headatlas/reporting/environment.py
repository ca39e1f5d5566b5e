"""The templates of pages and reports, and what all of them know."""

from pathlib import Path

import jinja2

from headatlas import figures, visible
from headatlas.measure import CONTROLS
from headatlas.records.base import head_name

from . import charts, formats, pictures
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
        "strip_width": pictures.WIDTH,
        "interval": figures.interval,
        "head_name": head_name,
        "measured_on": MEASURED_ON,
        "against": CONTROLS,
    }
    return made
