"""An entry of `explainers` that reads what people wrote."""

from typing import Literal

from pydantic import Field

from .base import Text
from .judged import Judged


class People(Judged):
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
