"""From the windows of a head to its explanation."""

from collections.abc import Sequence

import numpy as np

from ...records.explanation import Behaviour, Explanation
from ...records.head import HeadRecord
from ...settings.symbolic import Symbolic
from ..unexplained import failed_explanation, without_behaviours
from .activity import Division, find_divisions
from .facts import Facts, explained_share, facts_of, resting_facts
from .language import EVERYTHING, Expression, all_sources, all_triggers
from .program import build_program
from .sample import Sample, measure
from .search import Found, owners, search
from .summary import Clause, Contrast, explained, percent, resting, spread, unexplained
from .texts import choose_texts
from .ties import always_same
from .windows import Measured
from .wording import active_when, active_when_any, attends_to, family

COMMON = 0.02  # least share of queries on either side of a contrast
RESTING = 0.85  # attention on the first token of a head that rests there
RESTING_ALONE = 0.7  # the same if nothing else that it does is found
EVEN = 0.9  # mean entropy of a head that attends to everything, of that of even attention


class _Study:
    """A head's samples and the expressions whose numbers the rules use."""

    def __init__(
        self,
        train: Sequence[Measured],
        validation: Sequence[Measured],
        sources: list[Expression],
    ):
        self.sources, self.triggers = sources, all_triggers()
        self.train = measure(train, sources, self.triggers)
        self.validation = measure(validation, sources, self.triggers)

    def search(self, max_rules: int, least_share: float) -> list[Found]:
        return search(
            self.train, self.validation, self.sources, self.triggers, max_rules, least_share
        )

    def clause(self, chosen: Sequence[int], rules: Sequence[Found]) -> Clause:
        """The rules numbered `chosen`, all of one source, as one behaviour."""
        source = rules[chosen[0]].source
        return Clause(
            attends_to(self.sources[source]),
            active_when_any([self.triggers[rules[i].trigger] for i in chosen]),
            facts_of(chosen, rules, self.validation),
            chosen[0],
            self._also(source),
        )

    def _also(self, source: int) -> str:
        """Another behaviour that the text cannot tell from a source, in words; empty if none."""
        same = always_same((self.train, self.validation), source, self.sources)
        own = family(self.sources[source])
        return next((attends_to(other) for other in same if family(other) != own), "")

    def behaviours(self, rules: Sequence[Found]) -> list[tuple[Clause, str]]:
        """Clause and family of each source, the one of largest coverage first."""
        by_source: dict[int, list[int]] = {}
        for i, rule in enumerate(rules):
            by_source.setdefault(rule.source, []).append(i)
        found = [
            (self.clause(chosen, rules), family(self.sources[source]))
            for source, chosen in by_source.items()
        ]
        return sorted(found, key=lambda pair: -pair[0].facts.coverage)


def explain(
    about: HeadRecord,
    train: Sequence[Measured],
    validation: Sequence[Measured],
    stats: dict[str, float],
    settings: Symbolic,
    rng: np.random.Generator,
) -> Explanation:
    """Explain a head from its random windows; `stats` are its metrics by name.

    Rules are proposed and fitted on `train`. `validation` chooses among them, and gives
    the figures and the text that the test texts are made of. The explanation is `failed`
    if a number of the windows is not finite.
    """
    reason = _not_finite([*train, *validation])
    if reason:
        return failed_explanation(about, reason)
    study = _Study(train, validation, all_sources())
    rules = study.search(settings.max_behaviours, settings.min_coverage)
    rest = resting_facts(study.validation)
    rests = rest.coverage >= (RESTING if rules else RESTING_ALONE)
    evenness = _evenness(stats, study.validation)
    even = not rules and not rests and evenness >= EVEN
    if even:
        study = _Study(train, validation, [EVERYTHING])
        always = study.triggers.index(Expression("any"))
        rules = [Found(source=0, trigger=always, mass=1 - rest.coverage)]
    if not rules and not rests:
        return _unexplained(about, study, settings, rest, stats)

    divisions = find_divisions(study.train, study.validation, rules, study.triggers)
    program = build_program(rules, divisions, rests, study.train, study.sources, study.triggers)
    behaviours = study.behaviours(rules)
    clauses = [clause for clause, _ in behaviours]
    contrasts = _contrasts(study, rules, divisions)
    positive, negative = choose_texts(program, [w.context for w in validation], settings.texts, rng)
    if rests:
        confidence = rest.coverage
        summary = resting(clauses, rest, contrasts)
        behaviours = [(Clause("the first token", "", rest, len(rules)), "sink"), *behaviours]
    elif even:
        confidence = evenness
        summary = spread(clauses[0], stats["entropy"], evenness, contrasts)
    else:
        confidence = explained_share(rules, study.validation)
        together = facts_of(range(len(rules)), rules, study.validation)
        summary = explained(clauses, together, _rest_elsewhere(study.validation, rules), contrasts)
    return Explanation(
        **about.model_dump(),
        status="explained",
        reason=None,
        summary=summary,
        behaviours=[_behaviour(*pair) for pair in behaviours],
        program=program,
        confidence=round(confidence, 6),
        positive_texts=positive,
        negative_texts=negative,
    )


def _unexplained(
    about: HeadRecord,
    study: _Study,
    settings: Symbolic,
    rest: Facts,
    stats: dict[str, float],
) -> Explanation:
    nearest = study.search(1, 0.0)
    guess = study.clause([0], nearest) if nearest else None
    reason = (
        f"No rule that was tried accounts for {percent(settings.min_coverage)}"
        " of the attention that is not on the first token and clearly more than chance"
    )
    summary = unexplained(reason, guess, rest.coverage, stats)
    return without_behaviours(about, "unexplained", reason, summary)


def _evenness(stats: dict[str, float], sample: Sample) -> float:
    """Mean entropy of the queries as a share of that of even attention, log(number of keys).

    The entropy is the head metric, of whole rows: rows are stored without their tails.
    """
    return stats.get("entropy", 0.0) / float(np.log1p(sample.position).mean())


def _not_finite(windows: Sequence[Measured]) -> str | None:
    """Why the windows cannot be explained, if they hold infinity or NaN."""
    for name in ("activation", "attention"):
        spoiled = sum(not np.isfinite(getattr(window, name)).all() for window in windows)
        if spoiled:
            return (
                f"The head's {name} is not finite in {spoiled} of {len(windows)} windows:"
                " the model overflows in the precision it was run in"
            )
    return None


def _behaviour(clause: Clause, name: str) -> Behaviour:
    return Behaviour(
        attends_to=clause.attends_to,
        active_when=clause.active_when,
        family=name,
        coverage=round(clause.facts.coverage, 6),
        base_rate=round(clause.facts.base_rate, 6),
        frequency=round(clause.facts.frequency, 6),
    )


def _rest_elsewhere(sample: Sample, rules: Sequence[Found]) -> float:
    """Mean attention on the first token where no rule applies; 0 if one always does."""
    elsewhere = owners(rules, sample.count, sample.holds) < 0
    return float(sample.rest[elsewhere].mean()) if elsewhere.any() else 0.0


def _contrasts(
    study: _Study, rules: Sequence[Found], divisions: Sequence[Division]
) -> list[Contrast]:
    """Activation where triggers of the divisions hold, and where rules do, against elsewhere."""
    sample = study.validation
    applies = owners(rules, sample.count, sample.holds) >= 0
    found = [("where a rule applies", applies)]
    for trigger in dict.fromkeys(division.trigger for division in divisions):
        clause = active_when(study.triggers[trigger])
        found.append((f"when {clause}", sample.holds[:, trigger] > 0))
    return [
        Contrast(float(sample.activation[where].mean() / sample.activation[~where].mean()), when)
        for when, where in found
        if COMMON <= where.mean() <= 1 - COMMON and sample.activation[~where].any()
    ]
