"""What a model that reasons says after its thoughts, and whether it came to say anything.

What stands among thoughts is a draft: nothing in it is taken for the answer. So where thoughts
have no end, whether because the reply was cut off or because the model forgot the tag, there is
no answer.
"""

import re

from .exchange import Reply

_TAG = r"think|thinking|thought|reasoning"
_OPEN = re.compile(rf"<(?:{_TAG})>|\[THINK\]", re.IGNORECASE)
_CLOSE = re.compile(rf"</(?:{_TAG})>|\[/THINK\]", re.IGNORECASE)
_BEGINS_WITH_DATA = ("{", "```")  # then such tags are part of it


def without_thoughts(text: str) -> str:
    """The text after the thoughts that it begins with, without white space at its ends.

    Their opening tag may be in the prompt, and not in the text.
    """
    said = text.strip()
    while not said.startswith(_BEGINS_WITH_DATA):
        opened, closed = _OPEN.search(said), _CLOSE.search(said)
        begins = opened is not None and opened.start() == 0
        if closed is None or (opened and not begins and opened.start() < closed.start()):
            return "" if begins else said
        said = said[closed.end() :].strip()
    return said


def only_thoughts(reply: Reply) -> bool:
    """Whether the reply was cut off before the model said anything."""
    thought = reply.thought or reply.text.strip() != ""
    return reply.finish == "length" and thought and not without_thoughts(reply.text)
