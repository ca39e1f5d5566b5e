"""An entry of `explainers` that asks a language model."""

from typing import Literal

from pydantic import Field

from .base import Text
from .judged import Judged
from .prompted import Prompted


class LanguageModel(Prompted, Judged):
    """Two language models, which may be the same: one explains, one judges."""

    kind: Literal["llm"] = Field(default="llm", description="a language model")
    endpoint: Text = Field(description="the endpoint that explains", title="a name under endpoints")
    judge: Text = Field(
        description="the endpoint that tests explanations, which may be the same",
        title="a name under endpoints",
    )
    few_shot: int = Field(default=2, ge=0, le=3, description="worked examples in a prompt")
    chain_of_thought: bool = Field(
        default=False,
        description="whether the model writes its reasons before the explanation",
    )
    hypothesis: Text | None = Field(
        default=None,
        description="symbolic explainer whose explanation is given as evidence; null for none",
    )
    writing: bool = Field(
        default=False,
        description="whether the prompt gives what the head adds to the logits as evidence, and "
        "asks what it writes",
    )
    candidates: int = Field(
        default=3,
        ge=1,
        le=100,
        description="explanations proposed in a round, of which the best on validation is kept",
    )
    rounds: int = Field(default=1, ge=0, le=9, description="rounds of revision after the first")
    texts: int = Field(
        default=5,
        ge=2,
        le=1_000,
        description="test texts asked for of each side, active and not active",
    )
