"""The atlas as text: its pages and its report, rendered from the templates."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import jinja2

from headatlas.holding import CRITERION
from headatlas.measure import Measure
from headatlas.records.atlas import RunRecord
from headatlas.records.base import head_name
from headatlas.records.clusters import Clusters
from headatlas.records.known_roles import KnownRoles, PublishedHead, RoleList
from headatlas.records.model import ModelInfo
from headatlas.records.usage import Usage

from . import charts, formats, pictures
from .alike_claims import alike, told
from .answers import Asked
from .catalogue import (
    CLAIMS,
    EFFECT_LABELS,
    EFFECTS,
    KNOWN_ROLES,
    KNOWN_ROLES_OF_SOME,
    LABELS,
    METRICS,
    OBJECT_NAMES,
    RATINGS,
    STANDARD_TESTS,
    SUBSTITUTION,
    TERMS,
    TOGETHER,
    WRITING,
    Quantity,
)
from .claims import Claims
from .dependence import Dependence, misleading
from .distributions import counts, families, known, ranked, spread, weak
from .elsewhere import MEASURED, Transfers, of_head
from .environment import script
from .exemplars import KEYS_SHOWN, LEVELS, Group
from .failures import in_words
from .maps import Colouring
from .rated import FIGURES, Rated
from .sentences import Told, sentences
from .stated import Stated, stated
from .stated import counts as stated_counts
from .substitution import Substituted
from .tables import Head, Run, main_scores
from .together import Together
from .usage import Row, by_head, total
from .writing import Written

HEADLINE_SCORES = 3


class Atlas(NamedTuple):
    """What every page draws on. `axes` and `spreads` are shared so that pages compare.

    `random_heads` are those of the model's twin with random weights. `usage` is what the
    replies of language models about a head cost, by its name, and `spent` all of them, those
    about the twin's heads included.

    `together` is what is lost without all heads of a cluster, by its number.

    `told` are the sentences on each head, by its name, that are no part of its explanation;
    `stated` is what explainers state that heads write, of those of which they do.

    `transfers` are how the explanations do on other corpora.

    `axes` are the ends of each score's axis, `spreads` the least value, the quartiles and
    the largest value of each head metric over all heads.
    """

    run: Run
    info: ModelInfo
    facts: dict[str, object]
    heads: list[Head]
    random_heads: list[Head]
    clusters: Clusters
    scores: list[Measure]
    metrics: list[Quantity]
    axes: dict[str, tuple[float, float]]
    spreads: dict[str, list[float]]
    known_roles: KnownRoles
    usage: dict[str, Usage]
    spent: Usage | None
    substituted: Substituted | None
    written: Written | None
    claims: Claims | None
    depends: Dependence | None
    together: Mapping[int, Together]
    told: dict[str, Told]
    stated: dict[str, Stated]
    rated: Rated | None
    transfers: Transfers

    @property
    def heads_in_model(self) -> int:
        """Heads of the model, those that the run left out included."""
        return self.info.n_layers * self.info.n_heads

    @property
    def whole(self) -> bool:
        """Whether the run selected every head of the model."""
        return len(self.heads) == self.heads_in_model


def gather(
    run: Run,
    info: ModelInfo,
    facts: dict[str, object],
    heads: list[Head],
    random_heads: list[Head],
    clusters: Clusters,
    known_roles: KnownRoles,
    usage: Sequence[Row] = (),
    replaced: Substituted | None = None,
    writes: Written | None = None,
    claims: Claims | None = None,
    depends: Dependence | None = None,
    people: Rated | None = None,
    sets: Mapping[int, Together] | None = None,
    transfers: Transfers | None = None,
) -> Atlas:
    """Work out what the pages share."""
    scores = main_scores(heads)
    metrics = [metric for metric in METRICS if any(metric.name in h.metrics for h in heads)]
    values = {
        name: [head.metrics[name].value for head in heads if name in head.metrics]
        for name in (metric.name for metric in metrics)
    }
    said = {
        head.name: found
        for head in heads
        if (found := stated(head.explanation, claims.heads.get(head.name) if claims else None))
    }
    return Atlas(
        run,
        info,
        facts,
        heads,
        random_heads,
        clusters,
        scores,
        metrics,
        {measure.name: _axis(heads, measure) for measure in scores},
        {
            name: [charts.quantile(found, share) or 0.0 for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
            for name, found in values.items()
        },
        known_roles,
        by_head([row for row in usage if row["model"] == run.model]),
        total(usage),
        replaced,
        writes,
        claims,
        depends,
        sets or {},
        sentences([head.name for head in heads], said, claims, writes, depends),
        said,
        people,
        transfers or {},
    )


def _axis(heads: Sequence[Head], measure: Measure) -> tuple[float, float]:
    drawn = known(value for head in heads for value in head.values(measure)[:2])
    low, high = charts.quantile(drawn, 0.01), charts.quantile(drawn, 0.99)
    return charts.nice_ends(low or 0.0, high or 0.0)


def index(
    env: jinja2.Environment, atlas: Atlas, record: RunRecord, maps: Sequence[Colouring]
) -> str:
    """`index.html`: the map, the distributions, the families, the table of heads and the run."""
    return env.get_template("index.html").render(
        **_overview(atlas),
        **script(env, "index.js"),
        loads=True,
        maps=maps,
        columns=atlas.scores[:HEADLINE_SCORES],
        record=record,
        settings=list(formats.settings(record.recipe.configuration)),
        panels=[(measure, _panel(atlas.heads, measure)) for measure in atlas.scores],
    )


def side(env: jinja2.Environment, atlas: Atlas) -> str:
    """`side.html`: two heads' pages side by side."""
    parts = {"atlas": atlas, "run": atlas.run, "frames": True} | script(env, "side.js")
    return env.get_template("side.html").render(parts)


def _panel(heads: Sequence[Head], measure: Measure) -> charts.Panel:
    triples = [head.values(measure) for head in heads]
    values, controls = (known(triple[i] for triple in triples) for i in (0, 1))
    return charts.panel(values, controls)


def report(env: jinja2.Environment, atlas: Atlas, shown: int = 10) -> str:
    """`report.md`: what was run, what came out, how good it is and what limits it."""
    return env.get_template("report.md").render(
        **_overview(atlas),
        top=[(measure, ranked(atlas.heads, measure)[:shown]) for measure in atlas.scores],
        weak=[(m, weak(atlas.heads, m)) for m in atlas.scores if m.margin],
    )


def _overview(atlas: Atlas) -> dict[str, object]:
    """Names that the index and the report share."""
    return {
        "atlas": atlas,
        "run": atlas.run,
        "terms": TERMS,
        "counts": counts(atlas.heads),
        "failures": in_words(atlas.heads),
        "random_counts": counts(atlas.random_heads),
        "spreads": [spread(atlas.heads, measure) for measure in atlas.scores],
        "about_roles": KNOWN_ROLES + ("" if atlas.whole else f" {KNOWN_ROLES_OF_SOME}"),
        "about_tests": STANDARD_TESTS,
        "about_substitution": SUBSTITUTION,
        "about_effects": EFFECTS,
        "about_ratings": RATINGS,
        "rating_figures": FIGURES,
        "about_together": TOGETHER,
        "about_writing": about_writing(atlas),
        "about_claims": CLAIMS,
        "claim_counts": atlas.claims.counts if atlas.claims else None,
        "stated_counts": stated_counts(atlas.stated.values()),
        "random_stated": stated_counts(_stated_of_twin(atlas)),
        "object_names": OBJECT_NAMES,
        "labels": LABELS,
        "by_name": {head.name: head for head in atlas.heads},
        "random_spreads": [spread(atlas.random_heads, measure) for measure in atlas.scores],
        "claims_of": partial(told, atlas.claims),
        "families": [_family(atlas, *item) for item in families(atlas.heads).items()],
    }


def _stated_of_twin(atlas: Atlas) -> Iterator[Stated | None]:
    own = atlas.claims.random_heads if atlas.claims else []
    claims = {head_name(head.layer, head.head): head for head in own}
    for head in atlas.random_heads:
        yield stated(head.explanation, claims.get(head.name))


def about_writing(atlas: Atlas) -> str | None:
    """What the figures from the weights mean."""
    return WRITING.format(top=atlas.written.top) if atlas.written else None


def _family(atlas: Atlas, name: str, heads: list[Head]) -> dict[str, object]:
    """A behaviour family's row: its heads, what they write, and medians over them."""
    return {
        "name": name,
        "heads": heads,
        "claims": told(atlas.claims, [head.name for head in heads]),
        "score": spread(heads, atlas.scores[0]) if atlas.scores else None,
    }


def head_page(
    env: jinja2.Environment,
    atlas: Atlas,
    position: int,
    groups: Sequence[Group],
    largest: float,
    questions: Sequence[Asked],
) -> str:
    """`heads/LxxHyy.html` of the head at that position of `atlas.heads`.

    `groups` are its exemplars, with activation relative to `largest`; `questions` what a
    language model that judges was asked.
    """
    head = atlas.heads[position]
    replaced = atlas.substituted.of_heads if atlas.substituted else {}
    depends = atlas.depends.ablated.get(head.name) if atlas.depends else None
    return env.get_template("head.html").render(
        **script(env, "head.js"),
        atlas=atlas,
        run=atlas.run,
        head=head,
        told=atlas.told[head.name],
        mates=[
            other.name
            for other in atlas.heads
            if other.cluster is not None and other.cluster == head.cluster and other != head
        ],
        pictures={
            "where": pictures.where(head.explanation.behaviours),
            "writes": pictures.writes(atlas.claims, head.name),
            "depends": pictures.depends(depends, replaced.get(head.name)),
        },
        effects=replaced.get(head.name),
        depends=depends,
        misleads=misleading(depends) if depends else None,
        effect_labels=EFFECT_LABELS,
        writes=atlas.written.heads.get(head.name) if atlas.written else None,
        claimed=atlas.claims.heads.get(head.name) if atlas.claims else None,
        stated=atlas.stated.get(head.name),
        alike=alike(atlas.claims, head, atlas.heads) if atlas.claims else [],
        object_names=OBJECT_NAMES,
        about_claims=CLAIMS,
        published=_published(atlas, head.name),
        elsewhere=of_head(atlas.transfers, (head.layer, head.head)),
        about_elsewhere=CRITERION,
        measured_elsewhere=MEASURED,
        before=atlas.heads[position - 1] if position else None,
        after=atlas.heads[position + 1] if position + 1 < len(atlas.heads) else None,
        groups=groups,
        questions=questions,
        largest=largest,
        levels=LEVELS,
        keys_shown=KEYS_SHOWN,
    )


def _published(atlas: Atlas, name: str) -> list[tuple[RoleList, PublishedHead]]:
    """The lists of published roles that a head is on, and what they say of it."""
    lists = atlas.known_roles.lists
    return [(found, head) for found in lists for head in found.heads if head.head == name]
