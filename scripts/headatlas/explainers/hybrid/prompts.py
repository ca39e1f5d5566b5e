"""The messages that ask for features of a head, and for better ones in the place of invalid."""

from collections.abc import Sequence
from pathlib import Path

from ...llm.client import Message
from ..llm.exemplars import KEYS, LEAST, LEVELS, Excerpt, Format, percent
from ..llm.prompts import Metric, shown_of
from ..llm.rendering import render
from ..logit.gains import LARGEST_SET
from ..symbolic.wording import active_when, attends_to
from .reply import Known, ProposalsReply

TEMPLATES = Path(__file__).parents[4] / "workflow/templates/proposing"


def propose_messages(
    excerpts: Sequence[Excerpt], metrics: Sequence[Metric], form: Format, known: Known, most: int
) -> list[Message]:
    """The prompt: the language, and what the head does in some texts."""
    system = render(
        "propose_system.jinja",
        TEMPLATES,
        format=form,
        levels=LEVELS,
        keys=KEYS,
        least=percent(LEAST),
        sources={name: attends_to(e) for name, e in known.sources.items()},
        triggers={name: active_when(e) or "always" for name, e in known.triggers.items()},
        largest=LARGEST_SET,
        most=most,
    )
    user = render(
        "propose_user.jinja",
        TEMPLATES,
        exemplars=[shown_of(part, form) for part in excerpts],
        metrics=metrics,
        hypothesis=None,
        most=most,
    )
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def mend_messages(
    asked: Sequence[Message], reply: ProposalsReply, invalid: Sequence[tuple[str, str]]
) -> list[Message]:
    """The prompt that sends the invalid ones back: what was said, and why it is no feature."""
    text = render("mend_user.jinja", TEMPLATES, invalid=invalid)
    return [
        *asked,
        {"role": "assistant", "content": reply.model_dump_json()},
        {"role": "user", "content": text},
    ]
