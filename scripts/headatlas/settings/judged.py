"""What entries of `explainers` whose explanations a language model tests share."""

from pydantic import Field

from .base import Settings


class Judged(Settings):
    """What the judge is asked."""

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
