"""The command line flags of scripts that ask a language model for proposals."""

from argparse import ArgumentParser, Namespace

from ...settings.arguments import add_settings
from ...settings.hybrid import Hybrid
from ...settings.seed import Seed
from ..llm.arguments import add_connections, add_endpoint, add_run
from .propose import Settings


def add_asking(parser: ArgumentParser) -> None:
    """Of which run, which language model is asked and what its prompts hold."""
    add_run(parser)
    add_endpoint(parser, "", "proposes")
    add_connections(parser)
    add_settings(parser, Hybrid, "format", "exemplars", "metrics", "draws", "proposals")
    add_settings(parser, Seed)


def settings_of(args: Namespace) -> Settings:
    """What the flags set."""
    return Settings(**{name: getattr(args, name) for name in Settings._fields})
