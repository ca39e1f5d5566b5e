"""Let people rate the explanations of a finished atlas, in a browser on this machine."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.rating.serve import serve
from headatlas.rating.store import begun
from headatlas.rating.study import Plan, draw_units, read_atlas, study_of
from headatlas.settings.arguments import add_settings
from headatlas.settings.rating import Rating
from headatlas.settings.seed import Seed


def parser() -> argparse.ArgumentParser:
    """The command line of the script."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--atlas", type=Path, required=True, help="folder of a finished atlas")
    made.add_argument(
        "--controls", type=Path, help="controls.parquet of its run, if not in its place"
    )
    made.add_argument(
        "--ratings",
        type=Path,
        help="file of the answers (SQLite), begun if it is not there "
        "(default: data/ratings/MODEL/CORPUS/EXPLAINER.sqlite)",
    )
    add_settings(made, Rating)
    add_settings(made, Seed)
    made.add_argument(
        "--port", type=_port, default=8765, help="0: any that is free (default: 8765)"
    )
    made.add_argument(
        "--templates",
        type=Path,
        default=Path(__file__).parents[1] / "workflow/templates",
        help="folder of the templates, if not the workflow's own",
    )
    return made


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; allowed: 0 to 65535")
    return int(text)


@reported
def main() -> None:
    args = parser().parse_args()
    plan = Plan(**{name: getattr(args, name) for name in Plan.model_fields})
    atlas = read_atlas(args.atlas, args.controls)
    study = study_of(atlas, plan)
    default = Path("data/ratings") / study.model / study.corpus / f"{study.explainer}.sqlite"
    store = begun(args.ratings or default, study, draw_units(atlas, plan))
    try:
        serve(store, args.templates, args.port)
    finally:
        store.close()


if __name__ == "__main__":
    main()
