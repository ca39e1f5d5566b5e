"""The runs of a sweep side by side: tables as Arrow schemas, and shared families."""

import pyarrow as pa
from pydantic import Field

from .base import VERSION, Record
from .clusters import Cluster
from .columns import HEAD, field
from .transfers import STUDY

_VALUE = [
    field("value", pa.float64(), "null where it cannot be computed", nullable=True),
    field("low", pa.float64(), "lower end of the 95 % interval over heads", nullable=True),
    field("high", pa.float64(), "upper end", nullable=True),
    field("n", pa.int32(), "heads"),
]
_CLUSTERING = field("clustering", pa.string(), "whose encoder compares explanations")


RUNS = pa.schema(
    [
        *STUDY,
        field("clustering", pa.string(), "name of the clustering"),
        field("parameters", pa.int64(), "parameters of the model"),
        field("heads", pa.int32(), "heads of the run"),
        field("with_explanation", pa.int32(), "those with an explanation"),
        field("explained", pa.int32(), "those whose explanation counts: it is above its control"),
        field(
            "not_compared", pa.int32(), "those with an explanation, but no margin that could tell"
        ),
        field("families", pa.int32(), "families of heads"),
        field("unclustered", pa.int32(), "heads with an explanation in no family"),
    ]
)

QUALITY = pa.schema(
    [
        *STUDY,
        field("parameters", pa.int64(), "parameters of the model"),
        field("depth_from", pa.float64(), "relative depth of the layers: 0 at the input, ..."),
        field("depth_to", pa.float64(), "... 1 at the output; from 0 to 1 for all heads"),
        field("metric", pa.string(), "median of a score over heads, or a share of heads"),
        *_VALUE,
    ]
)

DIFFERENCES = pa.schema(
    [
        field("compared", pa.string(), "corpora or explainers"),
        field("model", pa.string(), "name of the model"),
        field("within", pa.string(), "the explainer, or the corpus, that both have in common"),
        field("first", pa.string(), "name of one corpus or explainer"),
        field("second", pa.string(), "name of the other"),
        field("metric", pa.string(), "score, or share of heads, as in the table of quality"),
        *_VALUE,
    ]
)

COUNTERPARTS = pa.schema(
    [
        *STUDY,
        _CLUSTERING,
        *HEAD,
        field("other", pa.string(), "name of the other model"),
        field("matched_head", pa.string(), "its head that behaves most alike", nullable=True),
        field("similarity", pa.float64(), "similarity of their behaviour", nullable=True),
        field("null95", pa.float64(), "95 % quantile of it by chance", nullable=True),
        field("words", pa.int32(), "words behind the similarity", nullable=True),
        field(
            "matched",
            pa.bool_(),
            "whether it is above that, and each the other's best",
            nullable=True,
        ),
        field("matched_cosine", pa.float64(), "cosine of their explanations", nullable=True),
        field(
            "shuffled_cosine",
            pa.float64(),
            "mean cosine of the head's explanation and all explanations of the other model",
            nullable=True,
        ),
        field("alike_head", pa.string(), "its head explained most alike", nullable=True),
        field("alike_cosine", pa.float64(), "cosine of these explanations", nullable=True),
        field("alike", pa.bool_(), "whether these explanations say the same", nullable=True),
    ]
)

UNIVERSALITY = pa.schema(
    [
        *STUDY,
        _CLUSTERING,
        field("by", pa.string(), "heads are matched by behaviour or by explanation"),
        field("others", pa.int16(), "other models"),
        field("heads", pa.int32(), "heads that could be matched"),
        field("universal", pa.int32(), "heads matched in every other model"),
        field("universal_expected", pa.float64(), "as many are expected by chance"),
        field("specific", pa.int32(), "heads matched in no other model"),
        field("specific_expected", pa.float64(), "as many are expected by chance"),
    ]
)

AGREEMENT = pa.schema(
    [
        *STUDY,
        _CLUSTERING,
        field("other", pa.string(), "name of the other model"),
        field("measure", pa.string(), "what is compared between the two ways of matching"),
        *_VALUE,
    ]
)

GENERALISATION = pa.schema(
    [
        *STUDY,
        _CLUSTERING,
        field("other", pa.string(), "name of the other corpus"),
        field("measure", pa.string(), "what is compared between the two corpora"),
        *_VALUE,
    ]
)


def _over_position(name: str, label: str) -> list[pa.Field]:
    """A score on the other corpus, the position model's, and the margin over that."""
    margin, control = f"{name}_position_margin", f"{name}_position_control"
    return [
        field(name, pa.float64(), f"{label} on its test windows", nullable=True),
        field(f"{name}_low", pa.float64(), "lower end of its 95 % interval", nullable=True),
        field(f"{name}_high", pa.float64(), "upper end", nullable=True),
        field(
            control,
            pa.float64(),
            "the same by the position model fitted on its train windows",
            nullable=True,
        ),
        field(margin, pa.float64(), "the first less the second", nullable=True),
        field(f"{margin}_low", pa.float64(), "lower end of its 95 % interval", nullable=True),
        field(f"{margin}_high", pa.float64(), "upper end", nullable=True),
    ]


HOLDING = pa.schema(
    [
        *STUDY,
        field("other", pa.string(), "name of the other corpus"),
        *HEAD,
        field("verdict", pa.string(), "holds, does not hold or not known"),
        field("reason", pa.string(), "why it is not known", nullable=True),
        field("active_queries", pa.int32(), "queries at which what it names is there"),
        *_over_position("attention_explained", "attention explained"),
        *_over_position("iou", "IoU"),
        field(
            "at_home",
            pa.float64(),
            "attention explained on the corpus it was made on",
            nullable=True,
        ),
        field(
            "made_there",
            pa.float64(),
            "attention explained on the other corpus by the explanation that was made there",
            nullable=True,
        ),
    ]
)

CLAIM_SHARES = pa.schema(
    [
        field("model", pa.string(), "name of the model"),
        field("corpus", pa.string(), "name of the corpus"),
        field("parameters", pa.int64(), "parameters of the model"),
        field("effect", pa.string(), "raises or lowers; any: of the claims, any"),
        field("object", pa.string(), "token that the claim is about, or any"),
        field("heads", pa.int32(), "heads of the model that were measured"),
        field("held", pa.int32(), "those of which the claim holds on test documents"),
        field("share", pa.float64(), "of the heads"),
        field("low", pa.float64(), "lower end of its 95 % interval over heads (Wilson)"),
        field("high", pa.float64(), "upper end"),
        field("random_heads", pa.int32(), "heads with random weights that were measured"),
        field("random_held", pa.int32(), "those of which it holds"),
    ]
)

CLAIM_AGREEMENT = pa.schema(
    [
        field("model", pa.string(), "name of the model"),
        field("corpus", pa.string(), "name of the corpus"),
        field("other", pa.string(), "name of the other model"),
        field(
            "measure",
            pa.string(),
            "of the heads of which a claim holds and that are matched by behaviour, the share "
            "whose match holds one of their claims too (matched); of all heads of the other "
            "model, the share that does (chance); matched less chance (difference)",
        ),
        *_VALUE,
    ]
)


class SharedCluster(Cluster):
    """A family of heads of several models, whose heads are named model/LxxHyy."""

    models: dict[str, int] = Field(description="its heads of each model, those without left out")


class SharedClusters(Record):
    """The families of all explained heads of one corpus and explainer."""

    corpus: str
    explainer: str
    clustering: str
    clusters: list[SharedCluster]
    unclustered: list[str] = Field(description="heads with an explanation in no family")


class SharedFamilies(Record):
    """`families.json` of the comparison."""

    version: int = VERSION
    groups: list[SharedClusters]
