"""What settings share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Text = Annotated[str, Field(min_length=1)]
# For the schema of a key in which a user may have put a secret by mistake: messages get into logs,
# and do not repeat its value.
SECRET: dict[str, JsonValue] = {"writeOnly": True}


class Settings(BaseModel):
    """A section of the configuration, or an entry of one. Unknown keys are refused.

    A field's `description` says what it means; its `title` says in words what is allowed where
    type and limits do not, and messages quote it. Whole numbers are bounded on both sides: larger
    ones mean nothing, or more memory than there is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
