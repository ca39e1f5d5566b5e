"""A passage and how active a head is in it, as a chat with a judge that knows the explanation."""

import numpy as np

from ..event_rows import Event
from ..explainers.llm.levels import HIGHEST
from ..explainers.llm.questions import judge_messages
from ..items import SPAN, Item
from ..llm.client import Message
from ..records.explanation import Explanation


def levels_chat(
    explanation: Explanation, event: Event, largest: float, rng: np.random.Generator
) -> tuple[list[Message], str]:
    """The question about some tokens of a window, and the answer that the head gives.

    `largest` is the activation of the highest level. The first token is not asked about.
    """
    count = min(SPAN, len(event.tokens) - 1)
    start = int(rng.integers(1, len(event.tokens) - count + 1))
    marks = tuple(range(start, start + count))
    item = Item("levels", event.window, marks[-1], None, None, marks)
    asked = judge_messages(explanation, [item], {event.window: event.pieces})
    scaled = np.clip(event.activation[list(marks)] / (largest or 1.0), 0, 1) * HIGHEST
    levels = scaled.round().astype(int).tolist()
    return asked, "\n".join(f"{number}: {level}" for number, level in enumerate(levels, 1))
