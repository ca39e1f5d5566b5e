"""Hold what people said of explanations against the explanations, controls and scores."""

import argparse
from pathlib import Path

from headatlas.controls import Head
from headatlas.errors import InputError, reported
from headatlas.measures import MEASURES
from headatlas.names import parse_head
from headatlas.rating.answers import rating_rows, written
from headatlas.rating.results import Settings, results
from headatlas.rating.store import Store, open_store
from headatlas.records.explanation import Explanation
from headatlas.records.ratings import RATING_SCORES, RATINGS
from headatlas.records.scores import HeadScores
from headatlas.settings.arguments import add_settings
from headatlas.settings.scoring import Scoring
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, write_rows, write_text


def parser() -> argparse.ArgumentParser:
    """The command line of the script."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--answers", type=Path, required=True, help="file of raters (SQLite)")
    made.add_argument("--model", required=True, help="name of the model that it is of")
    made.add_argument("--corpus", required=True, help="name of the corpus")
    made.add_argument("--explainer", required=True, help="name of the explainer")
    made.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    made.add_argument("--explanations", type=Path, required=True, help="folder of explanations")
    made.add_argument("--scores", type=Path, required=True, help="folder of their scores")
    add_settings(made, Scoring, "bootstrap")
    add_settings(made, Seed)
    made.add_argument("--ratings", type=Path, required=True, help="ratings to write (Parquet)")
    made.add_argument("--written", type=Path, required=True, help="what raters wrote (JSONL)")
    made.add_argument("--out", type=Path, required=True, help="figures to write (Parquet)")
    return made


def check_run(store: Store, args: argparse.Namespace) -> None:
    """Raise InputError if the answers are about another run."""
    for name in ("model", "corpus", "explainer"):
        found, wanted = getattr(store.study(), name), getattr(args, name)
        if found != wanted:
            raise InputError(f"{args.answers}: {name} is {found!r}, expected is {wanted!r}")


def scores_of(folder: Path, names: list[str]) -> dict[str, dict[Head, float]]:
    """Of each measure, and its margin over the control, the values of heads on unseen text."""
    wanted = [name for m in MEASURES for name in (m.name, m.margin) if name]
    found: dict[str, dict[Head, float]] = {name: {} for name in wanted}
    for name in names:
        for score in read_record(folder / f"{name}.json", HeadScores).scores:
            if score.metric in found and score.value is not None and score.split != "validation":
                found[score.metric][parse_head(name)] = score.value
    return {name: values for name, values in found.items() if values}


@reported
def main() -> None:
    args = parser().parse_args()
    store = open_store(args.answers)
    check_run(store, args)
    explanations = {
        parse_head(name): read_record(args.explanations / f"{name}.json", Explanation)
        for name in args.heads
    }
    rows, words, study = rating_rows(store, explanations), [*written(store)], store.study()
    # Closed before anything is written: to close a store may change its file.
    store.close()
    named = {name: getattr(study, name) for name in ("model", "corpus", "explainer", "round")}
    found = results(rows, scores_of(args.scores, args.heads), Settings(args.bootstrap, args.seed))
    figures = [
        {**named, "raters": r.raters, "measure": r.measure, "metric": r.metric}
        | r.estimate._asdict()
        for r in found
    ]
    write_rows(args.ratings, rows, RATINGS)
    write_text(args.written, "".join(f"{line.model_dump_json()}\n" for line in words))
    write_rows(args.out, figures, RATING_SCORES)


if __name__ == "__main__":
    main()
