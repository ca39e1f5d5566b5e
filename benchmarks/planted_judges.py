"""Language models that judge by the answer key, and err as often as they are told to.

They are asked as any judge is, prompt by prompt, and their replies are read as any: what lies
between their error rate and a score is the score.
"""

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel

from headatlas.explainers.llm.judge import Reading, judge
from headatlas.explainers.llm.levels import HIGHEST
from headatlas.explainers.llm.questions import passages_of
from headatlas.items import Item, Question
from headatlas.llm.client import Message
from headatlas.llm.rehearsal import Rehearsal
from headatlas.records.explanation import Explanation
from headatlas.records.judgement import Judgement
from headatlas.settings.endpoint import Connection, Sampling

ERRORS = (0.0, 0.2, 0.4)  # shares of answers, and of levels, that have nothing to do with the truth
FURTHER: tuple[Question, ...] = ("marked", "levels")


class Truth(NamedTuple):
    """What the rules of a head say that it does in a window of T tokens."""

    activation: Float[np.ndarray, " T"]  # 0 or 1
    attention: Float[np.ndarray, "T T"]


def judged_by(
    errors: float,
    explanation: Explanation,
    truths: Mapping[int, Truth],
    items: Sequence[Item],
    pieces: Mapping[int, Sequence[str]],
) -> Judgement:
    """What a model answers that takes the explanation for `truths`, of each window."""
    shown = {passages_of([item], pieces): item for item in items}

    def reply(_: int, messages: Sequence[Message], __: type[BaseModel] | None) -> str:
        prompt = messages[-1]["content"]
        seed = zlib.crc32(f"{messages[0]['content']}\n{prompt}".encode())
        item = shown[prompt]
        return answer(item, truths[item.window], errors, np.random.default_rng(seed))

    client = Rehearsal(Sampling(model="key"), Connection(base_url="http://localhost"), reply)
    reading = Reading({"test": items}, pieces)
    return asyncio.run(judge(explanation, (), reading, client, 1, FURTHER))


def answer(item: Item, truth: Truth, errors: float, rng: np.random.Generator) -> str:
    """The reply about one item: the truth, or with the probability `errors` whatever comes up."""
    if item.question == "levels":
        levels = np.where(truth.activation[list(item.marks)] > 0, HIGHEST - 1, 0)
        wrong = rng.random(len(levels)) < errors
        levels[wrong] = rng.integers(HIGHEST + 1, size=wrong.sum())
        return "\n".join(f"{n}: {level}" for n, level in enumerate(levels, 1))
    if item.question == "attends":
        holds = item.key != 0 and bool(truth.attention[item.query, item.key] > 0)
    else:
        holds = bool(truth.activation[list(item.marks) or [item.query]].mean() > 0.5)
    if rng.random() < errors:
        holds = rng.random() < 0.5
    return "yes" if holds else "no"
