"""Ready studies against scripted language models whose quality is known: are they right?

Every study of config.yaml that asks a language model is run by the workflow on a planted model,
twice: in a world where what it varies decides how good an explanation is, and in one where it
decides nothing (`study_worlds.py`). The table has what its page says, beside the true difference of
the explanations that were kept.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import polars as pl
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from llm_server import LlmServer  # noqa: E402
from planted_proposals import all_pieces, nonsensical, truthful  # noqa: E402
from study_worlds import BETTER, QUALITY, WORLDS, Worlds, best_of  # noqa: E402
from workplace import Workplace, small_configuration  # noqa: E402

from headatlas.corpora.python_docs import python_documents  # noqa: E402
from headatlas.items import QUESTIONS  # noqa: E402
from headatlas.records.base import head_name  # noqa: E402
from headatlas.records.explanation import Explanation  # noqa: E402
from headatlas.storage import read_record  # noqa: E402
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead  # noqa: E402
from headatlas.subjects.planted.build import plant  # noqa: E402
from headatlas.subjects.planted.harder import plant_harder  # noqa: E402

DECIDING = {"llm": "pair_detection_auroc", "hybrid": "attention_explained"}
VAGUE = ("first_token", "everything")  # roles of which no question has a right answer
CHOOSING = {"candidates": {"candidates": 3}, "rounds": {"rounds": 1}}  # as is their default
LAYERS = 2
QUICK = ["--scheduler-subsample", "32"]  # as profiles/local has it


class Row(NamedTuple):
    """A comparison of a study: what is true, and what its page says."""

    study: str
    world: str
    variant: str
    heads: int
    true: float  # difference of what was kept; NaN of programs
    found: float
    low: float
    high: float
    p: float
    detectable: float | None  # None: so few heads differ that none is
    says: str
    tokens: float  # times those of the run itself

    @property
    def verdict(self) -> str:
        """Right if the better one is found better, or equal ones are not told apart; missed if a
        difference is not seen; wrong if one is seen that is not there."""
        if self.world == "equal":
            return "right" if self.says == "not told apart" else "**wrong**"
        if self.says == "not told apart":
            return "missed"
        return "right" if self.says == ("lower" if self.true < 0 else "higher") else "**wrong**"


def known_heads(folder: Path) -> dict[str, PlantedHead]:
    """The heads of a subject of which the truth can be said in rules that questions tell apart.

    Those of LAYERS layers, which have most of them: fewer jobs in as many heads.
    """
    heads = [
        head
        for head in read_record(folder / ANSWER_KEY, AnswerKey).heads
        if head.rules and head.exact and head.role not in VAGUE
    ]
    layers = [layer for layer, _ in Counter(head.layer for head in heads).most_common(LAYERS)]
    return {head_name(head.layer, head.head): head for head in heads if head.layer in layers}


def proposals(folder: Path, heads: Mapping[str, PlantedHead]) -> dict[str, str]:
    """What the models say that are asked for features: all that is planted, or nonsense."""
    pieces = all_pieces(folder)
    truth = {
        json.dumps(feature): feature
        for head in heads.values()
        for feature in json.loads(truthful(pieces)(head))["proposals"]
    }
    first = next(iter(heads.values()))
    said = json.dumps({"proposals": [*truth.values()]}), nonsensical(pieces, 0)(first)
    return {f"hybrid-{world}": text for world, text in zip(WORLDS, said, strict=True)}


def configuration(
    base_url: str, planted: Sequence[str], harder: Sequence[str], studies: Mapping[str, Any]
) -> dict[str, Any]:
    """Each study in each world, as config.yaml has it but for the names of what is varied."""
    ask = {"kind": "llm", "judge": "judge", "items_per_call": 20, "texts": 2}
    ask |= {"candidates": 1, "rounds": 0}
    endpoints, own = ["judge"], {}
    explainers: dict[str, Any] = {"symbolic": {"kind": "symbolic", "texts": 2}}
    for world in WORLDS:
        for study in BETTER:
            name = f"{study}-{world}"
            entry = studies[study] | {"of": {"model": "planted", "explainer": name}}
            asked = [name]
            if study == "explainer-model":
                asked = [f"{name}-{model}" for model in entry["vary"]["explainer.endpoint"]]
                entry["vary"] = {"explainer.endpoint": asked}
            explainers[name] = ask | CHOOSING.get(study, {}) | {"endpoint": asked[0]}
            endpoints += asked
            own[name] = entry
        name = f"hybrid-{world}"
        endpoints.append(name)
        explainers[name] = {"kind": "hybrid", "endpoint": name, "draws": 1, "texts": 2}
        vary = {"explainer": ["symbolic", name]}
        own[name] = studies["hybrid"] | {"of": {"model": "harder", "explainer": "symbolic"}}
        own[name] |= {"vary": vary}
    prices = {"base_url": base_url, "input_price": 1.0, "output_price": 2.0, "calls_at_once": 8}
    model = {"n_heads": 8, "context": 256}
    base = small_configuration()
    del base["activations"], base["events"]
    return base | {
        "sweep": base["sweep"] | {"models": ["planted"], "corpora": ["docs"]},
        "models": {
            "planted": model | {"source": "planted", "n_layers": 4, "heads": [*planted]},
            "harder": model | {"source": "harder", "n_layers": 2, "heads": [*harder]},
        },
        "corpora": {
            "docs": {"kind": "python-docs", "windows": 120, "window_tokens": 96, "sampled": 24}
        },
        # One job asks about all heads of an explainer, which saves the start of a client each.
        "endpoints": {
            name: prices | {"model": name, "ahead": not name.startswith("hybrid")}
            for name in endpoints
        },
        "explainers": explainers,
        "studies": own,
        "scoring": {"bootstrap": 500, "controls": 1, "random_heads": 0, "items": 20}
        | {"substitution_windows": 0},
    }


def rows_of(folder: Path, brain: Worlds, study: str, world: str) -> list[Row]:
    """The comparisons of a finished study by the measure that decides."""
    at = folder / f"results/studies/{study}-{world}"
    page = (at / "index.html").read_text()
    said = dict(re.findall(r"<li><b>(.*?)</b>: .*? is (higher|lower|not told apart)", page))
    measure = DECIDING["hybrid" if study == "hybrid" else "llm"]
    table = pl.read_csv(at / "differences.csv").filter(pl.col("measure") == measure).to_dicts()
    (own,) = (row["explainer"] for row in table if row["difference"] is None)
    tokens = {
        row["variant"]: row["input_tokens"] + row["output_tokens"]
        for row in pl.read_csv(at / "costs.csv").to_dicts()
    }
    return [
        Row(
            *(study, world, row["variant"], row["pairs"]),
            mean_true(folder, brain, row["explainer"]) - mean_true(folder, brain, own),
            *(row["difference"], row["difference_low"], row["difference_high"]),
            *(row["p_adjusted"], row["detectable"], said[row["variant"]]),
            tokens[row["variant"]] / tokens[""] if tokens[""] else float("nan"),
        )
        for row in table
        if row["difference"] is not None
    ]


def mean_true(folder: Path, brain: Worlds, explainer: str) -> float:
    """The expected score of what an explainer's last round kept, over heads; NaN of programs."""
    rounds = sorted((folder / f"results/planted/docs/{explainer}").glob("round*"))
    if not rounds:
        return float("nan")
    values = []
    for path in sorted((rounds[-1] / "explanations").iterdir()):
        told = QUALITY.search(read_record(path, Explanation).summary)
        assert told and told[1] == path.stem, path
        values.append(expected(float(told[3]), brain.best(path.stem)))
    return fmean(values)


def expected(quality: float, right: float) -> float:
    """The expected AUROC of an explanation's answers; `right` is that of right answers alone."""
    return 0.5 + quality * (right - 0.5)


def best_of_k(folder: Path, brain: Worlds, world: str) -> Iterator[str]:
    """Rows of what the page says of the best of k candidates, beside what is true."""
    at = folder / f"results/studies/candidates-{world}/best_of_k.csv"
    table = pl.read_csv(at).filter(pl.col("variant") == "explainer.candidates=8")
    for k in (1, 2, 4, 8):
        other, same = table.filter(pl.col("k") == k).sort("measured_on").to_dicts()
        right = fmean(
            fmean(brain.best(name, "validation", question) for question in QUESTIONS)
            for name in brain.heads
        )
        cells = (world, str(k), f"{expected(best_of(k, world), right):.3f}")
        said = [f"{row['value']:.3f} {interval(row['low'], row['high'])}" for row in (other, same)]
        yield f"| {' | '.join((*cells, *said))} |"


def interval(low: float, high: float) -> str:
    return f"[{low:.3f}, {high:.3f}]".replace("-", "−")


def report(rows: Sequence[Row]) -> Iterator[str]:
    """The table in Markdown."""
    yield (
        "| study | world | variant | heads | true | found | p (Holm) | detectable | tokens "
        "| the page says | which is |"
    )
    yield "|---|---|---|---:|---:|---|---:|---:|---:|---|---|"
    for row in rows:
        found = f"{row.found:.3f} {interval(row.low, row.high)}"
        detectable = "none" if row.detectable is None else f"{row.detectable:.3f}"
        figures = (f"{row.p:.4f}", detectable, f"× {row.tokens:.2f}")
        variant = row.variant.removeprefix("explainer.")
        known = (row.study, row.world, variant, str(row.heads), f"{row.true:.3f}")
        cells = (*known, found, *figures, row.says, row.verdict)
        yield f"| {' | '.join(cells)} |".replace(" -", " −").replace("nan", "–")
    told = [row for row in rows if not isnan(row.true)]
    inside = sum(row.low <= row.true <= row.high for row in told)
    counts = Counter(row.verdict.strip("*") for row in rows)
    yield f"\n{', '.join(f'{n} {verdict}' for verdict, n in counts.items())}."
    yield f"{inside} of {len(told)} intervals hold the true difference."


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="where models and results go")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--studies", nargs="*", default=[*BETTER, "hybrid"])
    args = parser.parse_args()
    folder = args.folder
    texts = [document.text for document in python_documents(held_out=False)]
    for name, build in (("planted", plant), ("harder", plant_harder)):
        if not (folder / name).exists():
            build(args.seed, "none", texts, folder / name)
    planted, harder = (known_heads(folder / name) for name in ("planted", "harder"))
    brain = Worlds(
        folder / "planted",
        folder / "results/planted/docs",
        [*planted],
        proposals(folder / "harder", harder),
    )
    workplace = Workplace(folder)
    ready = yaml.safe_load((ROOT / "config.yaml").read_text())["studies"]
    with LlmServer(brain) as server:
        workplace.configuration = configuration(server.base_url, [*planted], [*harder], ready)
        layers = sorted({head.layer for head in planted.values()})
        items = [f"results/planted/docs/items/layer{layer:02d}.parquet" for layer in layers]
        for study in args.studies:
            names = [f"results/studies/{study}-{world}" for world in WORLDS]
            workplace.run(*(f"{name}/heads.csv" for name in names), *items, *QUICK)
            workplace.run(*(f"{name}/index.html" for name in names), *QUICK)
    pairs = [(study, world) for study in args.studies for world in WORLDS]
    rows = [row for pair in pairs for row in rows_of(folder, brain, *pair)]
    print("\n".join(report(rows)))
    if "candidates" in args.studies:
        print("\n| world | k | true | on other documents | on the same documents |")
        print("|---|---:|---:|---|---|")
        print("\n".join(row for world in WORLDS for row in best_of_k(folder, brain, world)))


if __name__ == "__main__":
    main()
