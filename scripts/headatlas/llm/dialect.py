"""The form of a call that a server takes, where servers differ: learnt from what they refuse."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .exchange import Message

# Templates of models such as Gemma raise one of these for a message of the role "system".
_NO_SYSTEM = re.compile(r"system role|role.{0,20}\bsystem\b|roles? must alternate", re.IGNORECASE)


class Dialect(NamedTuple):
    """How a server wants to be asked; `Dialect()` is what most servers take."""

    limit: str = "max_tokens"  # its name for the most tokens of a reply
    system: bool = True  # whether there may be a message of the role "system"

    def learnt(self, refusal: str) -> "Dialect":
        """The form to try after what the server said; the same one if that is no help."""
        if "max_completion_tokens" in refusal:
            # Models that reason count what they think too, under a name of its own.
            return self._replace(limit="max_completion_tokens")
        return self.without_system if _NO_SYSTEM.search(refusal) else self

    @property
    def without_system(self) -> "Dialect":
        """The form that has the instructions before the first question."""
        return self._replace(system=False)

    def spoken(self, messages: Sequence[Message]) -> list[Message]:
        """The messages as the server takes them: instructions may stand before the question."""
        if self.system or not instructed(messages):
            return list(messages)
        instructions, question, *rest = messages
        told = f"{instructions['content']}\n\n{question['content']}"
        return [{"role": "user", "content": told}, *rest]


def instructed(messages: Sequence[Message]) -> bool:
    """Whether the first message is of the role "system"."""
    return messages[0]["role"] == "system"
