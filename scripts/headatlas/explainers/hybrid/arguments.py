"""The command line flags of scripts that ask a language model for proposals."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pydantic import TypeAdapter

from ...records.stats import STATS
from ...settings.arguments import add_settings, json_reader
from ...settings.endpoint import Connection, Sampling
from ...settings.hybrid import Hybrid
from ...settings.seed import Seed
from ...storage import read_head
from ..llm.prompts import Metric
from .propose import Settings


def add_asking(parser: ArgumentParser) -> None:
    """Of which run, which language model is asked and what its prompts hold."""
    for name in ("model", "corpus", "explainer"):
        parser.add_argument(f"--{name}", required=True, help=f"name of the {name}")
    parser.add_argument("--endpoint", required=True, help="name of the language model")
    parser.add_argument(
        "--sampling",
        type=json_reader("--sampling", Sampling.model_validate_json),
        required=True,
        help="its model and what decides its replies (JSON, keys as under endpoints)",
    )
    parser.add_argument(
        "--connections",
        type=json_reader("--connections", TypeAdapter(dict[str, Connection]).validate_json),
        required=True,
        help="how each language model is reached, by its name (JSON, keys as under endpoints)",
    )
    parser.add_argument("--replies", type=Path, required=True, help="folder of all replies so far")
    add_settings(parser, Hybrid, "format", "exemplars", "metrics", "draws", "proposals")
    add_settings(parser, Seed)


def settings_of(args: Namespace) -> Settings:
    """What the flags set."""
    return Settings(**{name: getattr(args, name) for name in Settings._fields})


def metrics_of(args: Namespace, stats: Path, head: int) -> list[Metric]:
    """The head's metrics that the prompts give, if they do, from the table of its layer."""
    rows = read_head(stats, STATS, head).to_pylist() if args.metrics else []
    return [Metric(**{name: row[name] for name in Metric._fields}) for row in rows]
