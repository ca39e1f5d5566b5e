"""What the replies behind a record cost."""

from pydantic import Field

from .base import Record


class Usage(Record):
    """What the replies of language models behind a record cost when they were first given.

    A reply that comes from the cache counts as it did then, so that a record does not
    depend on what was asked before.
    """

    calls: int = Field(description="replies, those that could not be used among them")
    retries: int = Field(description="attempts that failed and were repeated")
    input_tokens: int
    output_tokens: int
    dollars: float | None = Field(description="null where the configuration has no prices")
    seconds: float = Field(description="sum of the latencies of all replies")
