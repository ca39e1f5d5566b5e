"""An entry of `explainers` that reads what people wrote."""

from typing import Literal

from pydantic import Field

from .base import Settings, Text


class People(Settings):
    """Explanations by people, and the language model that tests them."""

    kind: Literal["people"] = Field(
        default="people", description="explanations that people wrote, tested by a language model"
    )
    file: Text = Field(
        description="CSV or JSONL file with layer, head, rater and text, and model if it is of "
        "several; as raters' words are exported to written.jsonl",
        title="a file of explanations such as data/written.jsonl",
    )
    judge: Text = Field(
        description="the endpoint that tests them: words alone cannot be executed",
        title="a name under endpoints",
    )
    items_per_call: int = Field(
        default=1, ge=1, le=1_000, description="passages that the judge is shown in a call"
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
