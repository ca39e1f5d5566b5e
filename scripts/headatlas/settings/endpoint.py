"""An entry of `endpoints`: a language model, and how it is reached."""

from typing import Literal

from pydantic import Field, model_validator

from .base import SECRET, Settings, Text


class Sampling(Settings):
    """What decides a model's reply to a prompt; with the prompt it is the key of the cache.

    The server is not part of it: the same model may be reached at another address tomorrow.
    """

    model: Text = Field(description="name of the model as the server has it")
    temperature: float | None = Field(
        default=None, ge=0, description="of sampling; null for the server's own"
    )
    seed: int | None = Field(
        default=None, ge=-(2**63), le=2**63 - 1, description="of sampling; null for none"
    )
    max_tokens: int = Field(default=1000, ge=1, le=1_000_000, description="of a reply")
    output: Literal["json_schema", "json_object", "plain"] = Field(
        default="json_schema", description="how the server is asked for JSON, by what it can do"
    )
    logprobs: bool = Field(
        default=False,
        description="whether it gives log-probabilities, which make a judge's answers finer",
    )


class Connection(Settings):
    """How the model is reached and what it may cost; none of it changes a reply."""

    base_url: str = Field(
        pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$",
        description="address of an OpenAI-compatible server",
        title="an address such as http://localhost:8000/v1, without a user, a password or a "
        "query, for addresses are written to logs; a key is read from the variable that "
        "api_key_env names",
        json_schema_extra=SECRET,
    )
    api_key_env: str | None = Field(
        default=None,
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
        description="environment variable that holds the key; null where none is needed",
        title="the name of a variable that holds the key, such as OPENAI_API_KEY",
        json_schema_extra=SECRET,
    )
    timeout: float = Field(
        default=120.0, gt=0, le=86_400, description="seconds that a reply may take"
    )
    retries: int = Field(default=6, ge=0, le=100, description="of a call that failed, at most")
    calls_at_once: int = Field(
        default=4, ge=1, le=1_000, description="calls at the same time for one head"
    )
    batch: bool = Field(
        default=False,
        description="whether calls that can wait go through the server's Batch API, in a job for "
        "all heads before theirs; give the prices of batches",
    )
    ahead: bool = Field(
        default=False,
        description="whether one job asks about all heads before theirs, as batches do, so that no "
        "call waits for a process to start; calls_at_once is then that of all heads; for "
        "explainers of kind llm alone",
    )
    input_price: float | None = Field(
        default=None, ge=0, description="dollars per million tokens of prompts; null where unknown"
    )
    output_price: float | None = Field(
        default=None, ge=0, description="dollars per million tokens of replies"
    )
    max_calls: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000_000_000,
        description="budget in calls, all runs and reruns together; null for none",
    )
    max_total_tokens: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000_000_000_000,
        description="budget in tokens of prompts and replies, likewise",
    )
    max_dollars: float | None = Field(
        default=None, ge=0, description="budget in dollars, likewise; needs both prices"
    )

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


class Endpoint(Connection, Sampling):
    """A language model, where it is served."""
