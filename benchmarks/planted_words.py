"""Do explanations in words say what is true? A language model that knows the truth is asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from planted_rows import Worded
from planted_stages import Variant

from headatlas.explainers.llm.judge import answer_of
from headatlas.explainers.llm.rendering import render
from headatlas.explainers.symbolic.language import parse_source, parse_trigger
from headatlas.explainers.symbolic.wording import active_when, attends_to
from headatlas.llm.client import Client, Message, Refused
from headatlas.llm.together import together
from headatlas.records.explanation import Explanation
from headatlas.storage import read_record
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead

PROMPTS = Path(__file__).parent / "prompts"
WRONG = 3  # wrong truths that the explanation of a head is held against
Question = Literal["tokens", "trigger"]
QUESTIONS: tuple[Question, ...] = ("tokens", "trigger")


async def grade_words(variants: Sequence[Variant], client: Client) -> list[Worded]:
    """Hold every planted head's explanation against the truth, and against other heads' truths.

    Of a grader that always says yes nothing can be learnt, which the wrong truths show.
    Raises AskError.
    """
    graded = await together(_of_variant(variant, client) for variant in variants)
    return [row for rows in graded for row in rows]


async def _of_variant(variant: Variant, client: Client) -> list[Worded]:
    key = read_record(variant.model / ANSWER_KEY, AnswerKey)
    heads = [head for head in key.heads if head.role != "noise"]
    rng = np.random.default_rng(variant.seed)
    pairs = []
    for head in heads:
        others = [other for other in heads if points(other) != points(head)]
        wrong = rng.choice(len(others), min(WRONG, len(others)), replace=False)
        pairs += [(head, truth) for truth in (head, *(others[n] for n in wrong))]
    return await together(_compared(variant, client, *pair) for pair in pairs)


async def _compared(
    variant: Variant, client: Client, head: PlantedHead, truth: PlantedHead
) -> Worded:
    """What is found about a head against a truth; where nothing is, it says neither point."""
    found = read_record(variant.record("explanations", head.layer, head.head), Explanation)
    said: list[bool | None] = [False, False]
    if found.status == "explained":
        said = await together(_same(client, question, truth, found) for question in QUESTIONS)
    return Worded(
        seed=variant.seed,
        noise=variant.noise,
        layer=head.layer,
        head=head.head,
        role=head.role,
        truth=truth.role,
        own=truth is head,
        same_tokens=said[0],
        same_trigger=said[1],
        true_tokens=points(truth)["tokens"] == points(head)["tokens"],
        true_trigger=points(truth)["trigger"] == points(head)["trigger"],
    )


def points(head: PlantedHead) -> dict[Question, list[str]]:
    """The points of the truth, line by line: which keys, at which queries."""
    return {
        "tokens": [rule.source for rule in head.rules],
        "trigger": [rule.trigger for rule in head.rules],
    }


async def _same(
    client: Client, question: Question, truth: PlantedHead, found: Explanation
) -> bool | None:
    """Whether the grader says that an explanation has a point of the truth; None if neither."""
    try:
        reply = await client.ask(grade_messages(question, truth, found))
    except Refused:
        return None
    answer = answer_of(reply.text)
    return None if answer is None else answer > 0.5


def grade_messages(question: Question, truth: PlantedHead, found: Explanation) -> list[Message]:
    """The prompt about one point of the truth."""
    text = render(
        "grade.jinja",
        PROMPTS,
        question=question,
        truth=[
            (attends_to(parse_source(rule.source)), active_when(parse_trigger(rule.trigger)))
            for rule in truth.rules
        ],
        summary=found.summary,
        behaviours=found.behaviours,
    )
    return [{"role": "user", "content": text}]
