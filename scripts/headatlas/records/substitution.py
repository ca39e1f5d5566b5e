"""What the model loses when heads attend as their explanations say."""

import pyarrow as pa

from .columns import field

SUBSTITUTION = pa.schema(
    [
        field(
            "scope",
            pa.string(),
            "model: nothing is replaced; head, layer: all heads of it; share: so many per cent of "
            "the heads, in descending order of overlap of explanation and attention",
        ),
        field("which", pa.string(), "LxxHyy, number of the layer, per cent; empty for the model"),
        field("heads", pa.int32(), "heads whose attention is replaced"),
        field(
            "variant",
            pa.string(),
            "by what: explanation, position (its position model), other (the explanation of "
            "another head, one that says something else), even (the same to every token), off (no "
            "attention: the head is off) or own",
        ),
        field("loss", pa.float64(), "nats a token"),
        field("ratio", pa.float64(), "perplexity as a multiple of the model's own"),
        field("low", pa.float64(), "of the ratio, 2.5 % quantile of the bootstrap", nullable=True),
        field("high", pa.float64(), "97.5 % quantile", nullable=True),
        field("kl", pa.float64(), "KL(model ‖ substituted) of the output, nats a token"),
        field(
            "recovered",
            pa.float64(),
            "loss recovered: 1 − (loss − the model's)/(loss with the heads off − the model's); "
            "null where turning them off does not clearly cost any",
            nullable=True,
        ),
        field("recovered_low", pa.float64(), "lower end of its 95 % interval", nullable=True),
        field("recovered_high", pa.float64(), "upper end", nullable=True),
        field("n", pa.int32(), "windows of test documents, which are resampled"),
    ]
)
