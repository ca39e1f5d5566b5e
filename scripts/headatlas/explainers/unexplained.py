"""Explanations that name no behaviour, and why."""

from typing import Literal

from ..records.explanation import Explanation
from ..records.head import HeadRecord


def without_behaviours(
    about: HeadRecord, status: Literal["unexplained", "failed"], reason: str, summary: str
) -> Explanation:
    """The record of a head about which there is nothing to say."""
    return Explanation(
        **about.model_dump(),
        status=status,
        reason=reason,
        summary=summary,
        behaviours=[],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


def failed_explanation(about: HeadRecord, reason: str) -> Explanation:
    """The record of a head that could not be explained."""
    return without_behaviours(about, "failed", reason, f"{reason}.")
