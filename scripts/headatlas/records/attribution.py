"""What each head's ablation would cost, estimated by gradients."""

import pyarrow as pa

from .columns import HEAD, field

ATTRIBUTION = pa.schema(
    [
        *HEAD,
        field("window", pa.int32(), "number of the window, of a test document"),
        field(
            "loss",
            pa.float32(),
            "estimate of what mean ablation of the head adds to the loss of the window, in nats a "
            "token: the gradient of the loss at its z, times mean less z",
        ),
    ]
)
