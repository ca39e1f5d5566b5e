"""What is said about a model."""

from pydantic import Field

from .base import VERSION, Record


class ModelInfo(Record):
    """`model.json`: geometry and identity of a subject."""

    version: int = VERSION
    model: str
    source: str
    revision: str | None = Field(description="as the configuration names it")
    commit: str | None = Field(default=None, description="what that was on the hub, if there")
    architecture: str
    n_layers: int
    n_heads: int
    attention_layers: list[int] = Field(description="layers that have attention heads")
    n_key_value_heads: int
    d_model: int
    d_head: int
    context: int = Field(description="longest input in tokens")
    vocabulary: int
    parameters: int = Field(description="trained numbers; tied weights count once, buffers not")
    dtype: str
    bos_token_id: int | None
    weights_sha256: str = Field(description="of the weights as published")
    random_seed: int | None = Field(
        default=None,
        description="seed of random initial weights, which are drawn when the model is loaded; "
        "null: the published weights",
    )
    tokenizer_sha256: str
