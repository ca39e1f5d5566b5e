"""What is claimed of the tokens that heads raise and lower, beside others and random weights."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from ..records.base import head_name
from ..records.direct import OBJECTS
from ..records.write_claims import HeadClaims, RunClaims
from ..storage import read_record
from .heads import AtlasError
from .stated import Stated
from .tables import Row

CLAIM_COLUMNS = (  # of `write_claims.csv`
    "layer", "head", "name", "effect", "object", "chosen", "stated", "validation_lift",
    "test_lift", "low", "high", "queries", "in_extreme_tenth", "lift_at_random_queries",
    "median_of_heads", "largest_of_random_weights", "holds",
)  # fmt: skip


class Claims(NamedTuple):
    """What is claimed of the heads of a run, by name.

    `medians` are over all heads, of the lift of each object on test documents; `largest` are the
    largest sizes of these on heads with random weights, empty where none were run.
    """

    heads: dict[str, HeadClaims]
    reasons: dict[int, str]
    medians: dict[str, float]
    largest: dict[str, float]
    random_heads: list[HeadClaims]

    def median(self, effect: str, name: str) -> float | None:
        """The median of all heads, with the sign that it has as a lift of such a claim."""
        found = self.medians.get(name)
        return None if found is None else found if effect == "raises" else 0.0 - found

    @property
    def counts(self) -> dict[str, int]:
        """Heads, those with a claim and with one that holds; and of random weights."""
        return {
            "heads": len(self.heads),
            "claimed": sum(bool(head.claims) for head in self.heads.values()),
            "held": sum(any(c.holds for c in head.claims) for head in self.heads.values()),
            "random_heads": len(self.random_heads),
            "random_held": sum(any(c.holds for c in head.claims) for head in self.random_heads),
        }

    @property
    def holders(self) -> list[tuple[tuple[str, str], list[HeadClaims]]]:
        """The heads of which each claim holds on test documents, the largest lift first."""
        found: dict[tuple[str, str], list[tuple[float, HeadClaims]]] = {}
        for head in self.heads.values():
            for claim in head.claims:
                if claim.holds:
                    key = claim.effect, claim.object
                    found.setdefault(key, []).append((claim.test.value or 0.0, head))
        ranked = {
            key: [head for _, head in sorted(held, key=lambda pair: -pair[0])]
            for key, held in found.items()
        }
        return sorted(ranked.items(), key=lambda item: -len(item[1]))


def read_claims(path: Path, twin: Path | None, model: str) -> Claims:
    """The claims of a run, beside those of its twin. Raises AtlasError if it is another model's."""
    record = read_record(path, RunClaims)
    if record.model != model:
        raise AtlasError(f"write claims: model is {record.model!r}, this atlas is of {model!r}")
    random_heads = read_record(twin, RunClaims).heads if twin else []
    lifts = {name: _values(record.heads, name) for name in OBJECTS}
    random_lifts = {name: _values(random_heads, name) for name in OBJECTS}
    return Claims(
        {head_name(head.layer, head.head): head for head in record.heads},
        record.reasons,
        {name: median(values) for name, values in lifts.items() if values},
        {name: max(map(abs, values)) for name, values in random_lifts.items() if values},
        random_heads,
    )


def _values(heads: Sequence[HeadClaims], name: str) -> list[float]:
    found = (head.lifts[name].value for head in heads if name in head.lifts)
    return [value for value in found if value is not None]


def claim_rows(claims: Claims, stated: Mapping[str, Stated], names: Sequence[str]) -> Iterator[Row]:
    """Rows of `write_claims.csv`: every claim on each of the heads named.

    That is what is chosen on train and validation documents, and what explainers state.
    """
    for name in names:
        head = claims.heads.get(name)
        chosen = head.claims if head else []
        said = stated[name].tests if name in stated else []
        for claim in [*chosen, *(claim for claim in said if claim not in chosen)]:
            yield {
                "layer": head.layer if head else None,
                "head": head.head if head else None,
                "name": name,
                "effect": claim.effect,
                "object": claim.object,
                "chosen": claim in chosen,
                "stated": claim in said,
                "validation_lift": claim.chosen,
                "test_lift": claim.test.value,
                "low": claim.test.low,
                "high": claim.test.high,
                "queries": claim.test.n,
                "in_extreme_tenth": claim.extreme,
                "lift_at_random_queries": claim.random.value,
                "median_of_heads": claims.median(claim.effect, claim.object),
                "largest_of_random_weights": claims.largest.get(claim.object),
                "holds": claim.holds,
            }
