"""The configuration: defaults filled in, everything checked before the first job.

`resolve` ends a run that cannot work with a sentence for every problem; `queries`
answers what rules ask of a resolved configuration. No import here is heavy, for the
Snakefile runs this code each time it is read.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import meaning, structure
from .language_models import missing
from .problem import ConfigurationError
from .queries import (
    budget_of,
    configuration_of,
    connection_of,
    flags,
    heads_of,
    layers_of,
    runs,
    sampling_of,
)
from .syntax import check_duplicate_keys

__all__ = [
    "ConfigurationError",
    "budget_of",
    "check_duplicate_keys",
    "check_environment",
    "configuration_of",
    "connection_of",
    "flags",
    "heads_of",
    "layers_of",
    "resolve",
    "runs",
    "sampling_of",
    "well_formed",
]


def well_formed(config: Mapping[Any, Any], schema_path: Path) -> dict[str, Any]:
    """A copy of `config` with every default filled in, in which every key and type is allowed.

    Raises ConfigurationError, one sentence for each problem, in alphabetical order.
    """
    schema = structure.read_schema(schema_path)
    filled: dict[str, Any] = structure.filled(config, schema)
    if problems := set(structure.problems(filled, schema)):
        raise ConfigurationError(problems)
    return filled


def resolve(config: Mapping[Any, Any], *, schema_path: Path, root: Path) -> dict[str, Any]:
    """A copy of `config` that is `well_formed`, and known to be usable.

    `root` is the folder that relative paths start in. What entries mean is checked only for
    those that the sweep uses, and only once every key is allowed and of the right type.

    Raises ConfigurationError, one sentence for each problem, in alphabetical order.
    """
    resolved = well_formed(config, schema_path)
    if problems := set(meaning.problems(resolved, root)):
        raise ConfigurationError(problems)
    return resolved


def check_environment(
    config: Mapping[str, Any], explainers: Iterable[str], environment: Mapping[str, str]
) -> None:
    """Raise ConfigurationError if `environment` lacks a key or a proxy to ask for explainers.

    This is no part of `resolve`: where nobody is asked, as on the node of a submitted job,
    there need be no key.
    """
    asking = (config["explainers"][name] for name in explainers)
    if problems := {p for entry in asking for p in missing(entry, config, environment)}:
        raise ConfigurationError(problems)
