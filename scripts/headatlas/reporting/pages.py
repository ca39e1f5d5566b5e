"""The atlas as text: its pages and its report, rendered from the templates."""

from collections.abc import Iterator, Sequence
from functools import partial

import jinja2

from headatlas.flags import FLAGS, PLANTED, Flag
from headatlas.holding import CRITERION
from headatlas.measure import Measure
from headatlas.records.atlas import RunRecord
from headatlas.records.base import head_name
from headatlas.records.known_roles import PublishedHead, RoleList

from . import charts, formats, pictures
from .alike_claims import alike, mates, told
from .answers import Asked
from .catalogue import (
    CLAIMS,
    EFFECT_LABELS,
    EFFECTS,
    KNOWN_ROLES,
    KNOWN_ROLES_OF_SOME,
    LABELS,
    OBJECT_NAMES,
    RATINGS,
    STANDARD_TESTS,
    SUBSTITUTION,
    TERMS,
    TOGETHER,
    WRITING,
)
from .dependence import misleading
from .distributions import counts, families, known, ranked, spread, weak
from .elsewhere import MEASURED, of_head
from .environment import script
from .exemplars import KEYS_SHOWN, LEVELS, Group
from .failures import in_words
from .gathering import Atlas
from .heads import Head
from .maps import Colouring
from .rated import FIGURES
from .stated import Stated, stated
from .stated import counts as stated_counts

HEADLINE_SCORES = 3


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
        "flags": [(flag, _raised(atlas, flag)) for flag in FLAGS],
        "planted": PLANTED,
        "by_name": {head.name: head for head in atlas.heads},
        "random_spreads": [spread(atlas.random_heads, measure) for measure in atlas.scores],
        "claims_of": partial(told, atlas.claims),
        "families": [_family(atlas, *item) for item in families(atlas.heads).items()],
    }


def _raised(atlas: Atlas, flag: Flag) -> int:
    """How many heads have a flag."""
    return sum(raised.flag is flag for found in atlas.flags.values() for raised in found)


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
    grouped = mates(head, atlas.heads)
    replaced = atlas.substituted.of_heads if atlas.substituted else {}
    depends = atlas.depends.ablated.get(head.name) if atlas.depends else None
    return env.get_template("head.html").render(
        **script(env, "head.js"),
        **({"loads": True} if atlas.other_runs else {}),
        atlas=atlas,
        run=atlas.run,
        head=head,
        told=atlas.told[head.name],
        mates=grouped,
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
        alike=alike(atlas.claims, head.name, grouped) if atlas.claims else [],
        object_names=OBJECT_NAMES,
        about_claims=CLAIMS,
        published=_published(atlas, head.name),
        elsewhere=of_head(atlas.transfers, (head.layer, head.head)),
        about_elsewhere=CRITERION,
        planted=PLANTED,
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
