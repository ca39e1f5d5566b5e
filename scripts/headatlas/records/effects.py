"""What depends on a head, and whether where its explanation says that it is active."""

import pyarrow as pa

from .columns import HEAD, field

EFFECTS = pa.schema(
    [
        *HEAD,
        field("kind", pa.string(), "how it is ablated: mean, resampled or zero"),
        field(
            "figure",
            pa.string(),
            "loss: what the next token costs more; kl: of the output; direct: the part of loss "
            "that later components have no hand in; later: loss less direct, what they add (below "
            "zero: restore); active: loss where the explanation predicts activity; elsewhere: "
            "loss at the other tokens; difference: active less elsewhere; control: the same "
            "difference by other heads' explanations; margin: difference less control; estimate: "
            "loss, estimated by gradients",
        ),
        field("value", pa.float64(), "mean over tokens, in nats", nullable=True),
        field("low", pa.float64(), "2.5 % quantile of the bootstrap", nullable=True),
        field("high", pa.float64(), "97.5 % quantile", nullable=True),
        field("n", pa.int32(), "windows, which are resampled; of a control, explanations"),
        field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)
