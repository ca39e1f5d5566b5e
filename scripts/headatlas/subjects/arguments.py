"""The command line flags by which every script that runs a model names it."""

from argparse import ArgumentParser
from pathlib import Path

from ..settings.arguments import add_settings
from ..settings.execution import Execution


def add_run(parser: ArgumentParser) -> None:
    """Which model, and how it is run: what inspect_model found is what every later job loads."""
    parser.add_argument("--model-info", type=Path, required=True, help="model.json of the model")
    add_settings(parser, Execution, "device", "devices", "batch_size")
