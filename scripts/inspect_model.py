"""Write a model's geometry and identity, or print its entry for config.yaml."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.settings.arguments import add_settings
from headatlas.settings.model import Model
from headatlas.storage import write_record
from headatlas.subjects.inspection import (
    check_agreement,
    check_layers,
    configuration_entry,
    inspect,
)


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_settings(parser, Model, "source", "revision", "dtype")
    parser.add_argument("--model", help="name of the model in the configuration")
    parser.add_argument("--n-layers", type=int, help="layers that the configuration states")
    parser.add_argument("--n-heads", type=int, help="heads per layer that it states")
    parser.add_argument("--context", type=int, help="longest input that it states")
    parser.add_argument("--layers", type=int, nargs="+", help="layers that are to be explained")
    parser.add_argument("--out", type=Path, help="model.json; without it the entry is printed")
    args = parser.parse_args()

    name = args.model or Path(args.source).name.removesuffix(".gguf")
    info = inspect(name, args.source, args.revision, args.dtype, args.context)
    if args.out is None:
        print(configuration_entry(info))
        return
    stated = {key: getattr(args, key) for key in ("n_layers", "n_heads", "context")}
    check_agreement(info, **stated)
    check_layers(info, args.layers or range(info.n_layers))
    write_record(args.out, info)


if __name__ == "__main__":
    main()
