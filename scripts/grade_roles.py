"""Hold the explanations of a run against what is known of the model's heads otherwise.

That is how they score on standard tests, and the roles that the literature gives them.
"""

import argparse
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headatlas.errors import reported
from headatlas.records.base import head_name
from headatlas.records.explanation import Explanation
from headatlas.records.known_roles import KnownRoles
from headatlas.records.model import ModelInfo
from headatlas.records.repeats import REPEATS
from headatlas.records.stats import STATS
from headatlas.records.write_claims import RunClaims
from headatlas.records.writing import LayerWriting
from headatlas.roles.functions import writing_of
from headatlas.roles.grading import grade, grade_tests
from headatlas.roles.table import read_roles
from headatlas.storage import read_record, read_table, write_record


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--roles", type=Path, help="table of published roles, if any (CSV)")
    parser.add_argument("--model-info", type=Path, required=True, help="model.json of the subject")
    parser.add_argument("--stats", type=Path, nargs="+", required=True, help="metrics, by layer")
    parser.add_argument(
        "--repeats", type=Path, required=True, help="scores on repeated random tokens"
    )
    parser.add_argument(
        "--weights", type=Path, nargs="*", default=[], help="folders of what heads write by weights"
    )
    parser.add_argument("--claims", type=Path, nargs="?", help="what they write in text (JSON)")
    # A folder and short names: the paths of a thousand files do not fit on a command line.
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    parser.add_argument("--explanations", type=Path, required=True, help="folder of explanations")
    parser.add_argument("--model", required=True, help="name of the model in the configuration")
    parser.add_argument("--corpus", required=True, help="name of the corpus")
    parser.add_argument("--explainer", required=True, help="name of the explainer")
    parser.add_argument("--round", type=int, required=True, help="round of refinement, from 0")
    parser.add_argument("--out", type=Path, required=True, help="known_roles.json to write")
    return parser.parse_args()


def measured(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The value of each head by metric; those that are not numbers left out."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if not math.isnan(row["value"]):
            values = found.setdefault(row["metric"], {})
            values[head_name(row["layer"], row["head"])] = row["value"]
    return found


@reported
def main() -> None:
    args = parse_arguments()
    info = read_record(args.model_info, ModelInfo)
    published = read_roles(args.roles, info.n_layers, info.n_heads) if args.roles else []
    paths = {name: args.explanations / f"{name}.json" for name in args.heads}
    explanations = {name: read_record(path, Explanation) for name, path in paths.items()}
    text = measured(row for path in args.stats for row in read_table(path, STATS).to_pylist())
    scores = read_table(args.repeats, REPEATS).to_pylist()
    repeats = measured(row for row in scores if row["length"] is None)
    files = [path for folder in args.weights for path in folder.glob("layer*.json")]
    layers = [read_record(path, LayerWriting) for path in files]
    writing = writing_of(layers, read_record(args.claims, RunClaims) if args.claims else None)
    record = KnownRoles(
        **{key: getattr(args, key) for key in ("model", "corpus", "explainer", "round")},
        tests=grade_tests(explanations, repeats),
        lists=grade(published, explanations, text, repeats, writing),
    )
    write_record(args.out, record)


if __name__ == "__main__":
    main()
