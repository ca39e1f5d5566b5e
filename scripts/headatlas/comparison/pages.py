"""The comparison as text: its page and its report, rendered from the templates."""

from collections.abc import Iterable, Sequence

import jinja2

from ..holding import CRITERION
from ..names import parse_head
from ..records.explanation import Explanation
from ..reporting.catalogue import OBJECT_NAMES, RATINGS
from ..reporting.elsewhere import MEASURED, NAMES, VERDICTS
from ..reporting.rated import FIGURES, GROUPS
from .claims import ANY
from .generalisation import holding_counts
from .plots import Plot, by_size, plot
from .quality import COMPARED, SHARE_NAMES
from .sweep import Row, Sweep
from .tables import Tables

TERMS = (
    (
        "Medians and intervals",
        "Medians are over the heads that have the score; square brackets hold 95 % bootstrap "
        "intervals over heads. They say how much the figure depends on which heads the model "
        "happens to have, not how well each head was measured.",
    ),
    (
        "Differences",
        "Two corpora or two explainers are compared on the heads that have the score under "
        "both: the median of the heads' differences, second less first (of a share: their "
        "mean), the heads resampled in pairs.",
    ),
    (
        "Relative depth",
        "The middle of a head's layer, from 0 at the input to 1 at the output, in four equal bins.",
    ),
    (
        "Match by behaviour",
        "A head and the head of another model that behaves most alike at the words of the "
        "passages that both models have read. It counts where their similarity is above its "
        "null, the 95 % quantile of the best similarity by chance. So chance matches one head in "
        "twenty in each other model, and, if it does so independently, one in 400 in two.",
    ),
    (
        "Match by explanation",
        "A head for which a head of the other model has an explanation that says the same: the "
        "cosine of their embeddings is at least 0.9, the likeness at which families count two "
        "explanations as one. Chance is the same count after the families, objects and conditions "
        "of all behaviours of the other models have been shuffled over their heads, each "
        "apart (mean of ten shuffles).",
    ),
    (
        "Claims on what heads write",
        "That a head raises or lowers the token it attends to, the one after that, or the current "
        "one, where it is most active: chosen on train and validation documents, held against "
        "test documents. Of matched heads, the share whose match holds one of their claims too, "
        "beside the share of all heads of the other model that do.",
    ),
    (
        "Universal and specific",
        "A head is universal if it has a match in every other model, specific to its model if it "
        "has one in none.",
    ),
    (
        "Transferred",
        "An explanation made on one corpus, executed on the test windows of the other and "
        "scored there like the explanation that was made there.",
    ),
)
# Of each pair of models, this many matches by behaviour are shown.
SHOWN = 8


def index(env: jinja2.Environment, title: str, sweep: Sweep, tables: Tables) -> str:
    """`index.html` of the comparison."""
    return env.get_template("comparison.html").render(
        **_overview(title, sweep, tables),
        size_plots=[(m, _size_plot(sweep, tables.quality, m.name)) for m in COMPARED],
        depth_plots=_depth_plots(sweep, tables.quality),
        pairs=_pairs(sweep, tables.counterparts),
    )


def report(env: jinja2.Environment, title: str, sweep: Sweep, tables: Tables) -> str:
    """`report.md` of the comparison."""
    return env.get_template("comparison.md").render(**_overview(title, sweep, tables))


def holding(env: jinja2.Environment, title: str, tables: Tables) -> str:
    """`holding.html`: every head's explanation on every other corpus."""
    runs: dict[tuple[str, ...], list[Row]] = {}
    for row in tables.holding:
        runs.setdefault(tuple(row[name] for name in NAMES[:-1]), []).append(row)
    clusterings = {tuple(r[n] for n in NAMES[:-1]): r["clustering"] for r in tables.runs}
    return env.get_template("holding.html").render(
        title=title,
        criterion=CRITERION,
        shown=MEASURED,
        groups=[
            (
                {**dict(zip(NAMES, key, strict=False)), "clustering": clusterings[key]},
                list(dict.fromkeys(row["other"] for row in rows)),
                wide(rows, ("layer", "head", "at_home"), "other"),
            )
            for key, rows in runs.items()
        ],
    )


def _overview(title: str, sweep: Sweep, tables: Tables) -> dict[str, object]:
    """Names that the page and the report share."""
    return {
        "title": title,
        "sweep": sweep,
        "tables": tables,
        "measures": COMPARED,
        "shares": SHARE_NAMES,
        "terms": TERMS,
        "quality": wide(
            filter(of_all_depths, tables.quality), ("model", "corpus", "explainer"), "metric"
        ),
        "differences": wide(
            tables.differences, ("compared", "first", "second", "within", "model"), "metric"
        ),
        "claim_agreement": wide(tables.claim_agreement, ("model", "other", "corpus"), "measure"),
        "claim_names": list(dict.fromkeys(map(_claim_name, tables.claims))),
        "shares_of_claims": wide(
            ({**row, "kind": _claim_name(row)} for row in tables.claims),
            ("model", "corpus", "heads", "random_heads"),
            "kind",
        ),
        "agreement": wide(
            tables.agreement, ("model", "other", "corpus", "explainer", "clustering"), "measure"
        ),
        "ratings": wide(
            [r for r in tables.ratings if r["raters"] in GROUPS and r["metric"] is None],
            ("model", "corpus", "explainer", "raters"),
            "measure",
        ),
        "about_ratings": RATINGS,
        "rating_figures": FIGURES,
        "holding": holding_counts(tables.holding),
        "verdicts": list(VERDICTS.values()),
        "about_holding": CRITERION,
        "generalisation": wide(
            tables.generalisation,
            ("model", "explainer", "clustering", "corpus", "other"),
            "measure",
        ),
    }


def _claim_name(row: Row) -> str:
    any_of_them = row["effect"] == ANY
    return "any" if any_of_them else f"{row['effect']} {OBJECT_NAMES[row['object']]}"


def of_all_depths(row: Row) -> bool:
    """Whether a row of quality is about the heads of all layers."""
    return bool(row["depth_from"] == 0 and row["depth_to"] == 1)


def wide(rows: Iterable[Row], names: Sequence[str], column: str) -> list[Row]:
    """Rows that agree in `names` as one, which has each of them under the value of `column`."""
    found: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        found.setdefault(key, {name: row[name] for name in names})[row[column]] = row
    return list(found.values())


def _size_plot(sweep: Sweep, rows: Sequence[Row], metric: str) -> Plot:
    own = [row for row in rows if row["metric"] == metric and of_all_depths(row)]
    sizes = {row["model"]: row["parameters"] for row in own}
    series = [_study_name(sweep, row) for row in own]
    return plot(own, series, [row["model"] for row in own], by_size(sizes))


def _study_name(sweep: Sweep, row: Row) -> str:
    """The corpus and the explainer of a row, as far as there is more than one."""
    names = [row["corpus"]] if len(sweep.corpora) > 1 else []
    names += [row["explainer"]] if len(sweep.explainers) > 1 else []
    return ", ".join(names) or row["corpus"]


def _depth_plots(sweep: Sweep, rows: Sequence[Row]) -> list[tuple[str, Plot]]:
    """Attention correlation by depth, a plot for each corpus and explainer."""
    bins = [row for row in rows if row["metric"] == COMPARED[0].name and not of_all_depths(row)]
    drawn: dict[str, list[Row]] = {}
    for row in bins:
        drawn.setdefault(f"{row['corpus']}, {row['explainer']}", []).append(row)
    places = {_bin_name(row): row["depth_from"] for row in bins}
    places = dict(sorted(places.items(), key=lambda item: item[1]))
    return [
        (name, plot(own, [row["model"] for row in own], [_bin_name(row) for row in own], places))
        for name, own in drawn.items()
    ]


def _bin_name(row: Row) -> str:
    return f"{row['depth_from']:g}–{row['depth_to']:g}"


def _pairs(sweep: Sweep, counterparts: Iterable[Row]) -> list[tuple[Row, list[Row]]]:
    """The clearest matches by behaviour of each two models on a corpus, with what both do."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in counterparts:
        if row["matched"] and row["model"] < row["other"]:
            names = ("model", "other", "corpus", "explainer", "clustering")
            found.setdefault(tuple(row[name] for name in names), []).append(row)
    return [
        (rows[0], [_with_words(sweep, row) for row in sorted(rows, key=_clearness)[:SHOWN]])
        for rows in found.values()
    ]


def _clearness(row: Row) -> float:
    """Least for the match that is most above its null."""
    return float(row["null95"] - row["similarity"])


def _with_words(sweep: Sweep, row: Row) -> Row:
    """The row with what the two heads attend to, by their explanations."""
    names = (row["corpus"], row["explainer"])
    own = sweep.study(row["model"], *names).explanations[row["layer"], row["head"]]
    other = sweep.study(row["other"], *names).explanations.get(parse_head(row["matched_head"]))
    return {**row, "says": _attends_to(own), "other_says": other and _attends_to(other)}


def _attends_to(explanation: Explanation) -> str:
    return "; ".join(behaviour.attends_to for behaviour in explanation.behaviours) or "unexplained"
