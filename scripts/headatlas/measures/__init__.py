"""All measures: each module here holds one, `MEASURE`, and a new module is a new measure."""

from importlib import import_module
from pkgutil import iter_modules

from ..measure import Measure, OfWindows

MEASURES: tuple[Measure, ...] = tuple(
    sorted(
        (import_module(f"{__name__}.{module.name}").MEASURE for module in iter_modules(__path__)),
        key=lambda measure: (measure.place, measure.name),
    )
)
# Those of an explanation that is executed on another corpus than its own.
TRANSFERRED: tuple[OfWindows, ...] = tuple(
    measure for measure in MEASURES if isinstance(measure, OfWindows) and measure.comparable
)
