"""A head's explanation in a round, and its judgement, as the flags of scripts ask for them."""

from argparse import Namespace
from collections.abc import Coroutine, Iterable
from typing import Any

from ...items import Question, read_items
from ...llm.client import Client
from ...records.events import EVENTS
from ...records.explanation import Explanation
from ...records.judgement import Judgement
from ...storage import read_head
from .arguments import evidence_of, head_of, settings_of
from .exemplars import read_seen
from .explain import explain
from .judge import judge, reading_of
from .refine import revise


def explaining(
    args: Namespace, previous: Explanation | None, explainer: Client, judging: Client
) -> Coroutine[Any, Any, Explanation]:
    """Asks for the explanation of the head and round of `args`, after that of the round before.

    Raises InputError, and AskError once it is awaited.
    """
    about, events = head_of(args), read_seen(args.events, args.head)
    evidence = evidence_of(args, events)
    items = read_items(args.items, args.head)["validation"]
    asked = events, items, evidence, settings_of(args), explainer, judging
    return revise(about, previous, *asked) if previous else explain(about, *asked)


def judging(
    args: Namespace, explanation: Explanation, controls: Iterable[Explanation], client: Client
) -> Coroutine[Any, Any, Judgement]:
    """Asks for the judgement of an explanation, on the items of its head. Raises likewise."""
    events = read_head(args.events, EVENTS, explanation.head)
    reading = reading_of(events, read_items(args.items, explanation.head))
    further: dict[Question, bool] = {"marked": args.fuzzing, "levels": args.simulation}
    asked = [question for question, wanted in further.items() if wanted]
    return judge(explanation, controls, reading, client, args.items_per_call, asked)
