"""The command line flags by which every script that runs a model names it."""

from argparse import ArgumentParser


def add_source(parser: ArgumentParser) -> None:
    """Where a model comes from."""
    parser.add_argument("--source", required=True, help="hub id, or folder in hub format")
    parser.add_argument("--revision", help="revision on the hub; the default branch if omitted")


def add_subject(parser: ArgumentParser) -> None:
    """Where a model comes from and how it is run."""
    add_source(parser)
    parser.add_argument(
        "--dtype", default="float32", choices=["float32", "float16", "bfloat16"], help="of weights"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    parser.add_argument("--devices", type=int, default=1, help="GPUs to spread the model over")
    parser.add_argument("--batch-size", type=int, default=16, help="windows in a forward pass")
    parser.add_argument(
        "--salience",
        default="write_norm",
        choices=["write_norm", "z_norm"],
        help="norm of z W_O (what the head writes) or of z",
    )
