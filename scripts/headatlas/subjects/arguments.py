"""The command line flags by which every script that runs a model names it."""

from argparse import ArgumentParser
from pathlib import Path


def add_model_info(parser: ArgumentParser) -> None:
    """Which model: what inspect_model found is what every later job loads."""
    parser.add_argument("--model-info", type=Path, required=True, help="model.json of the model")


def add_run(parser: ArgumentParser) -> None:
    """Which model, and how it is run."""
    add_model_info(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    parser.add_argument("--devices", type=int, default=1, help="GPUs to spread the model over")
    parser.add_argument("--batch-size", type=int, default=16, help="windows in a forward pass")


def add_subject(parser: ArgumentParser) -> None:
    """Which model, how it is run, and what is measured of what a head writes."""
    add_run(parser)
    parser.add_argument(
        "--salience",
        default="write_norm",
        choices=["write_norm", "z_norm"],
        help="norm of z W_O (what the head writes) or of z",
    )
