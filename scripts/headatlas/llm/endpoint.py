"""A language model and how it is reached: an entry `endpoints` of the configuration."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sampling(_Settings):
    """What decides a model's reply to a prompt; with the prompt it is the key of the cache.

    The server is not part of it: the same model may be reached at another address tomorrow.
    """

    model: str
    temperature: float | None = None
    seed: int | None = None
    max_tokens: int = Field(default=1000, description="of a reply")
    output: Literal["json_schema", "json_object", "plain"] = Field(
        default="json_schema", description="how the server is asked for JSON, by what it can do"
    )
    logprobs: bool = Field(default=False, description="whether it gives log-probabilities")


class Connection(_Settings):
    """How the model is reached and what it may cost; none of it changes a reply."""

    base_url: str
    api_key_env: str | None = Field(
        default=None, description="environment variable that holds the key; null: none is needed"
    )
    timeout: float = Field(default=120.0, description="seconds that a reply may take")
    retries: int = Field(default=6, description="of a call that failed, at most")
    calls_at_once: int = Field(default=4, description="of one process")
    batch: bool = Field(default=False, description="whether calls that can wait go in batches")
    input_price: float | None = Field(default=None, description="dollars per million tokens")
    output_price: float | None = Field(default=None, description="dollars per million tokens")
    max_calls: int | None = Field(default=None, description="budget: replies that are paid for")
    max_total_tokens: int | None = Field(default=None, description="budget: tokens, both ways")
    max_dollars: float | None = Field(default=None, description="budget: money")

    @model_validator(mode="after")
    def _budget_has_prices(self) -> "Connection":
        if (self.input_price is None) != (self.output_price is None):
            raise ValueError("input_price and output_price: both or neither")
        if self.max_dollars is not None and self.input_price is None:
            raise ValueError("max_dollars needs input_price and output_price")
        return self

    def dollars(self, input_tokens: int, output_tokens: int) -> float | None:
        """What a call costs; None if the endpoint has no prices."""
        if self.input_price is None or self.output_price is None:
            return None
        return (input_tokens * self.input_price + output_tokens * self.output_price) / 1e6
