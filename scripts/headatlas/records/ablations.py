"""What the model loses at every token when a head does not do what it does.

T is the number of tokens of a window. The last of them has no next one.
"""

import pyarrow as pa

from .columns import HEAD, field

ABLATIONS = pa.schema(
    [
        *HEAD,
        field(
            "kind",
            pa.string(),
            "what stands for the head's z: mean (at the same position, of train windows), "
            "resampled (of a train window, at the same position) or zero",
        ),
        field("window", pa.int32(), "number of the window, of a test document"),
        field(
            "loss",
            pa.list_(pa.float32()),
            "[T − 1] loss at each token's next one, less the model's own, in nats",
        ),
        field(
            "kl",
            pa.list_(pa.float32()),
            "[T − 1] KL(model ‖ ablated) of the output at each token, in nats",
        ),
        field(
            "direct",
            pa.list_(pa.float32()),
            "[T − 1] as loss, were all later components to write what they do in the model as it "
            "is (the final norm is worked out anew); of mean ablation alone, and of models whose "
            "residual stream is a sum",
            nullable=True,
        ),
    ]
)
