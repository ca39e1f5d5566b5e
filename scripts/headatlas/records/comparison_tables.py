"""The tables in which the runs of a sweep are compared, as Arrow schemas."""

import pyarrow as pa

from .columns import HEAD, field

MATCHES = pa.schema(
    [
        field("model", pa.string(), "model of the head; heads of both models are in the table"),
        *HEAD,
        field("other", pa.string(), "the other model"),
        field("other_layer", pa.int16(), "layer of the head in the other model"),
        field("other_head", pa.int16(), "its number within the layer"),
        field("rank", pa.int16(), "0 for the best match of the head, then the next best"),
        field("similarity", pa.float32(), "Pearson correlation of what sets the two heads apart"),
        field("null95", pa.float32(), "95 % quantile of the best similarity by chance"),
        field(
            "p", pa.float32(), "(1 + shuffles whose best similarity is as large) / (1 + shuffles)"
        ),
        field("mutual", pa.bool_(), "whether each of the two is the best match of the other"),
        field("words", pa.int32(), "words of test passages behind the similarity"),
    ]
)

_VALUE = [
    field("value", pa.float64(), "null where it cannot be computed", nullable=True),
    field("low", pa.float64(), "lower end of the 95 % interval over heads", nullable=True),
    field("high", pa.float64(), "upper end", nullable=True),
    field("n", pa.int32(), "heads"),
]
_STUDY = [
    field("model", pa.string(), "name of the model"),
    field("corpus", pa.string(), "name of the corpus"),
    field("explainer", pa.string(), "name of the explainer"),
]
_CLUSTERING = field("clustering", pa.string(), "whose encoder compares explanations")

TRANSFERS = pa.schema(
    [
        *_STUDY,
        field("other", pa.string(), "corpus on whose test windows the explanation is scored"),
        *HEAD,
        field("metric", pa.string(), "name of the score"),
        field("value", pa.float64(), "null where it cannot be computed", nullable=True),
        field("low", pa.float64(), "lower end of the 95 % interval", nullable=True),
        field("high", pa.float64(), "upper end", nullable=True),
        field("n", pa.int32(), "observations"),
        field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)

RUNS = pa.schema(
    [
        *_STUDY,
        field("clustering", pa.string(), "name of the clustering"),
        field("parameters", pa.int64(), "parameters of the model"),
        field("heads", pa.int32(), "heads of the run"),
        field("explained", pa.int32(), "those with an explanation"),
        field("families", pa.int32(), "families of heads"),
        field("unclustered", pa.int32(), "explained heads in no family"),
    ]
)

QUALITY = pa.schema(
    [
        *_STUDY,
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
        *_STUDY,
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
        *_STUDY,
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
        *_STUDY,
        _CLUSTERING,
        field("other", pa.string(), "name of the other model"),
        field("measure", pa.string(), "what is compared between the two ways of matching"),
        *_VALUE,
    ]
)

GENERALISATION = pa.schema(
    [
        *_STUDY,
        _CLUSTERING,
        field("other", pa.string(), "name of the other corpus"),
        field("measure", pa.string(), "what is compared between the two corpora"),
        *_VALUE,
    ]
)

COST = pa.schema(
    [
        field("model", pa.string(), "name of the model; empty for what is about all models"),
        field("corpus", pa.string(), "name of the corpus; empty for what is about all"),
        field("explainer", pa.string(), "name of the explainer; empty for what is about all"),
        field("rule", pa.string(), "rule of the workflow"),
        field("jobs", pa.int32(), "jobs measured"),
        field("seconds", pa.float64(), "wall time of all jobs together"),
        field("longest", pa.float64(), "wall time of the longest job, in seconds"),
        field("cpu_seconds", pa.float64(), "processor time, where it was seen", nullable=True),
        field("memory", pa.float64(), "peak resident memory of a job in MiB", nullable=True),
        field("seconds_per_head", pa.float64(), "wall time by head of the model", nullable=True),
        field("calls", pa.int32(), "replies of language models"),
        field("input_tokens", pa.int64(), "tokens of their prompts"),
        field("output_tokens", pa.int64(), "tokens of the replies"),
        field("dollars", pa.float64(), "their price; null where it is not known", nullable=True),
        field("dollars_per_head", pa.float64(), "by head of the model", nullable=True),
    ]
)
