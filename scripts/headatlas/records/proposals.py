"""What a language model proposes to the search for a head's program."""

from pydantic import Field

from .base import Record
from .head import HeadRecord
from .usage import Usage


class Proposal(Record):
    """A feature of the symbolic language, or what was meant for one."""

    reply: int = Field(description="number of the reply that it is from, from 0")
    said: str = Field(description="source and trigger as the model wrote them, lists with tokens")
    source: str | None = Field(description="expression: which keys; null where it is invalid")
    trigger: str | None = Field(description="expression: at which queries; likewise")
    attends_to: str = Field(default="", description="English noun phrase for the source")
    active_when: str = Field(default="", description="English clause; empty if always")
    family: str = Field(default="", description="short name of the behaviour")
    reason: str | None = Field(description="why it is invalid")


class Proposals(HeadRecord):
    """`proposals/LxxHyy.json`: what a language model was asked to propose for a head."""

    language_model: str = Field(description="name of the model asked, as its server knows it")
    proposals: list[Proposal]
    reasons: list[str] = Field(description="why replies held no proposals, each reason once")
    usage: Usage | None = Field(description="of all replies; null where none was asked for")
