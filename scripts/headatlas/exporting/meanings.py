"""What the columns of exported tables mean: told once for all of them."""

from collections.abc import Mapping

import pyarrow as pa

from ..measure import CONTROLS
from ..measures import MEASURES
from ..records.atlas import SCORES, VERDICTS
from ..records.base import Record
from ..records.clusters import Cluster
from ..records.effects import EFFECTS
from ..records.events import EVENTS
from ..records.explanation import Behaviour
from ..reporting.catalogue import METRICS

_OWN = {
    "clustering": "how heads are grouped into families",
    "name": "name of the head",
    "status": "explained, not compared, unexplained or failed",
    "reason": "why there is no value, or no explanation that counts",
    "family": "family of the head's first behaviour, other than to rest if it has another",
    "cluster": "number of its cluster, of explanations that are alike",
    "cluster_label": "name of its cluster",
    "twins": "heads that say the same, the likest first",
    "title": "the explanation in at most ten words",
    "summary": "the explanation in plain English",
    "behaviour": "place of the behaviour in the explanation, from 0",
    "of": "what makes heads alike: words of their explanations, or weights of their programs",
    "writes": "what it writes, in a sentence",
    "depends": "what depends on it, in a sentence",
    "stated": "what its explainer states that it writes, and whether that holds",
    "copying_of_weights": "copying score, from the weights: 1 if it raises what it attends to",
}
_CLAIMS = {
    "effect": "raises or lowers",
    "object": "which token the claim is about",
    "validation_lift": "how far above its tokens at other queries, on validation text",
    "test_lift": "the same on test text, in standard deviations of what is added",
    "holds": "whether the claim holds on test text",
    "chosen": "whether it was chosen on train and validation text",
    "stated": "whether the head's explainer states it",
}


def meanings(table: str) -> Mapping[str, str]:
    """What each column of an exported table means; of some there is no more than the name."""
    schemas = {"scores": SCORES, "verdicts": VERDICTS, "effects": EFFECTS, "exemplars": EVENTS}
    records: dict[str, type[Record]] = {"explanations": Behaviour, "families": Cluster}
    found = _described(SCORES) | _of_scores() | _of_metrics() | _OWN
    if table == "claims":
        found |= _CLAIMS
    if table in schemas:
        found |= _described(schemas[table])
    if table in records:
        fields = records[table].model_fields.items()
        found |= {name: field.description for name, field in fields if field.description}
    return found


def _described(schema: pa.Schema) -> dict[str, str]:
    return {field.name: field.metadata[b"description"].decode() for field in schema}


def _of_metrics() -> dict[str, str]:
    return {metric.name: metric.definition for metric in METRICS}


def _of_scores() -> dict[str, str]:
    found = {}
    for measure in MEASURES:
        found[measure.name] = f"{measure.definition} {measure.basis}"
        for kind in measure.controls:
            found[measure.control_of(kind)] = f"{measure.label}: {CONTROLS[kind]}"
            found[measure.margin_of(kind)] = f"{measure.label} less that: {CONTROLS[kind]}"
        for name in measure.names:
            found[f"{name}_low"] = f"lower end of the 95 % interval of {name}"
            found[f"{name}_high"] = f"upper end of the 95 % interval of {name}"
    return found
