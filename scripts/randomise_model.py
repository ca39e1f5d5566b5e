"""Write the model.json of a model's twin: the same architecture with random weights."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.records.base import RANDOM
from headatlas.records.model import ModelInfo
from headatlas.settings.arguments import add_settings
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, write_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-info", type=Path, required=True, help="model.json of the model")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="model.json of the twin")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    changes = {"model": f"{info.model}{RANDOM}", "random_seed": args.seed}
    write_record(args.out, info.model_copy(update=changes))


if __name__ == "__main__":
    main()
