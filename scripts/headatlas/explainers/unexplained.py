"""Explanations that name no behaviour, and why."""

from typing import Literal

from ..records.explanation import Explanation
from ..records.head import HeadRecord


def without_behaviours(
    about: HeadRecord, status: Literal["unexplained", "failed"], reason: str
) -> Explanation:
    """The record of a head about which there is nothing to say; `reason` is a sentence or more."""
    return Explanation(
        **about.model_dump(),
        status=status,
        reason=reason,
        title=status.capitalize(),
        summary=reason,
        behaviours=[],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


def failed_explanation(about: HeadRecord, reason: str) -> Explanation:
    """The record of a head that could not be explained."""
    sentence = reason if reason.endswith((".", "…")) else f"{reason}."
    return without_behaviours(about, "failed", reason).model_copy(update={"summary": sentence})
