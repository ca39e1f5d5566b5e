"""An entry of `explainers` that asks a language model."""

from typing import Literal

from pydantic import Field

from .base import Settings, Text


class LanguageModel(Settings):
    """Two language models, which may be the same: one explains, one judges."""

    kind: Literal["llm"] = Field(default="llm", description="a language model")
    endpoint: Text = Field(description="the endpoint that explains", title="a name under endpoints")
    judge: Text = Field(
        description="the endpoint that tests explanations, which may be the same",
        title="a name under endpoints",
    )
    format: Literal["marked", "table"] = Field(
        default="marked",
        description="exemplars as text with marks, or as tables of tokens and activations",
    )
    exemplars: int = Field(default=12, ge=1, le=1_000, description="exemplars in a prompt")
    few_shot: int = Field(default=2, ge=0, le=3, description="worked examples in a prompt")
    chain_of_thought: bool = Field(
        default=False,
        description="whether the model writes its reasons before the explanation",
    )
    metrics: bool = Field(
        default=True, description="whether the prompt gives the head's metrics as evidence"
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
    items_per_call: int = Field(
        default=1,
        ge=1,
        le=1_000,
        description="passages that the judge is shown in a call",
    )
    controls: int = Field(
        default=1,
        ge=0,
        le=1_000,
        description="other heads whose explanations the judge is given for a head's passages",
    )
    fuzzing: bool = Field(
        default=False,
        description="whether the judge is asked too, on test text, if marked tokens are those at "
        "which the head is active",
    )
    simulation: bool = Field(
        default=False,
        description="whether it is asked, likewise, for the activation of every token from 0 to 10",
    )
    texts: int = Field(
        default=5,
        ge=2,
        le=1_000,
        description="test texts asked for of each side, active and not active",
    )
