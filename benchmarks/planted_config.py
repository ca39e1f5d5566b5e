"""What the benchmark reads in the configuration of the workflow: explainers and endpoints."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from snakemake.utils import update_config

from headatlas.configuration import (
    check_duplicate_keys,
    connection_of,
    sampling_of,
    well_formed,
)
from headatlas.errors import InputError
from headatlas.llm.client import Client
from headatlas.settings.endpoint import Connection, Sampling

ROOT = Path(__file__).parents[1]
CONFIGURATION = [ROOT / "config.yaml", ROOT / "benchmarks/planted.yaml"]


def read_configuration(files: Sequence[Path]) -> dict[str, Any]:
    """The configuration, later files over earlier ones, with its defaults. Raises InputError."""
    merged: dict[str, Any] = {}
    for file in files:
        check_duplicate_keys(file)
        update_config(merged, yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    return well_formed(merged, ROOT / "workflow/schemas/config.schema.yaml")


def entry(
    config: Mapping[str, Any], section: Literal["explainers", "endpoints"], name: str
) -> dict[str, Any]:
    """What the configuration says under a name. Raises InputError if there is no such name."""
    if name not in config[section]:
        known = ", ".join(config[section]) or "none"
        raise InputError(f"{name!r} is not defined under {section}; there: {known}")
    return dict(config[section][name])


def client_of(
    config: Mapping[str, Any], endpoint: str, replies: Path, environment: Mapping[str, str]
) -> Client:
    """The language model of an endpoint. Raises InputError if there is none of the name."""
    entry(config, "endpoints", endpoint)
    return Client(
        Sampling(**sampling_of(config, endpoint)),
        Connection(**connection_of(config, endpoint)),
        replies=replies,
        environment=environment,
    )
