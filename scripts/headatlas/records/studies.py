"""What a study of settings found: a row for each variant and measure, and what each cost."""

import pyarrow as pa

from .columns import HEAD, field

_VARIANT = [
    field("variant", pa.string(), "what it changes of the run that is studied; empty for that run"),
    field("model", pa.string(), "name of the model"),
    field("corpus", pa.string(), "name of the corpus"),
    field("explainer", pa.string(), "name of the explainer"),
    field("clustering", pa.string(), "name of the clustering"),
]

STUDY_HEADS = pa.schema(
    [
        field("model", pa.string(), "name of the model"),
        *HEAD,
        field("family", pa.string(), "label of the family it was drawn from; empty for none"),
    ]
)

STUDY_VALUES = pa.schema(
    [
        *_VARIANT,
        *HEAD,
        field("measure", pa.string(), "score on test documents, or 1 or 0 of a share"),
        field("value", pa.float64(), "that of the head"),
        field(
            "chance",
            pa.bool_(),
            "whether the head has no explanation, or one that predicts a constant, of which "
            "nothing correlates, and so the value that chance has",
        ),
    ]
)

STUDY_DIFFERENCES = pa.schema(
    [
        *_VARIANT,
        field("measure", pa.string(), "mean of a score over heads, share of heads, or count"),
        field("value", pa.float64(), "of the variant; null where it has none", nullable=True),
        field("low", pa.float64(), "lower end of its 95 % interval over heads", nullable=True),
        field("high", pa.float64(), "upper end", nullable=True),
        field("n", pa.int32(), "heads"),
        field("chance", pa.float64(), "what chance gives; of families at most", nullable=True),
        field(
            "reference",
            pa.string(),
            "the variant it is compared with: the run that is studied, or of another model that "
            "model's; null where there is none",
            nullable=True,
        ),
        field("paired", pa.bool_(), "whether both are of the same heads", nullable=True),
        field("pairs", pa.int32(), "heads that have the measure in both", nullable=True),
        field("difference", pa.float64(), "variant less reference", nullable=True),
        field("difference_low", pa.float64(), "lower end of its 95 % interval", nullable=True),
        field("difference_high", pa.float64(), "upper end", nullable=True),
        field("p", pa.float64(), "probability of as large a difference by chance", nullable=True),
        field(
            "p_adjusted",
            pa.float64(),
            "the same for all comparisons of the measure in the study (Holm 1979)",
            nullable=True,
        ),
        field(
            "detectable",
            pa.float64(),
            "smallest difference that would have been found in four of five such studies; null "
            "where so few heads differ that none would have been, however large",
            nullable=True,
        ),
    ]
)

BEST_OF_K = pa.schema(
    [
        *_VARIANT,
        field("k", pa.int16(), "candidates of the first round among which the best is kept"),
        field(
            "measured_on",
            pa.string(),
            "the validation documents it was chosen on, or the other half of them",
        ),
        field("value", pa.float64(), "expected AUROC of a judge's answers, mean over heads"),
        field("low", pa.float64(), "lower end of its 95 % interval over heads", nullable=True),
        field("high", pa.float64(), "upper end", nullable=True),
        field("n", pa.int32(), "heads"),
        field("fitted", pa.float64(), "by a power law with asymptote on smaller k", nullable=True),
        field("tested", pa.bool_(), "whether k is larger than those it was fitted on"),
    ]
)

STUDY_COSTS = pa.schema(
    [
        *_VARIANT,
        field("heads", pa.int32(), "heads that it explains"),
        field("failed", pa.int32(), "those of which the explanation failed"),
        field("calls", pa.int64(), "replies of language models"),
        field("input_tokens", pa.int64(), "tokens of their prompts"),
        field("output_tokens", pa.int64(), "tokens of the replies"),
        field("dollars", pa.float64(), "their price; null where it is not known", nullable=True),
        field("seconds", pa.float64(), "wall time of its own jobs; null if none", nullable=True),
        field(
            "cpu_seconds", pa.float64(), "processor time of those, where it was seen", nullable=True
        ),
    ]
)
