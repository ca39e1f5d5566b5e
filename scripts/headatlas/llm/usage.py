"""Sums of what replies cost."""

from ..records.usage import Usage


def no_usage(priced: bool) -> Usage:
    """The cost of no reply: 0 dollars, or unknown dollars where replies have no price."""
    dollars = 0.0 if priced else None
    return Usage(calls=0, retries=0, input_tokens=0, output_tokens=0, dollars=dollars, seconds=0.0)


def add(one: Usage, other: Usage) -> Usage:
    """The sum; its dollars are unknown where those of a summand are."""
    dollars = None
    if one.dollars is not None and other.dollars is not None:
        dollars = one.dollars + other.dollars
    return Usage(
        calls=one.calls + other.calls,
        retries=one.retries + other.retries,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        dollars=dollars,
        seconds=one.seconds + other.seconds,
    )


def since(now: Usage, before: Usage) -> Usage:
    """What was added to `before`; its dollars are unknown where those of either are."""
    dollars = None
    if now.dollars is not None and before.dollars is not None:
        dollars = now.dollars - before.dollars
    return Usage(
        calls=now.calls - before.calls,
        retries=now.retries - before.retries,
        input_tokens=now.input_tokens - before.input_tokens,
        output_tokens=now.output_tokens - before.output_tokens,
        dollars=dollars,
        seconds=now.seconds - before.seconds,
    )


def rounded(usage: Usage) -> Usage:
    """Without the digits that depend on the order in which replies came and were added."""
    dollars = None if usage.dollars is None else round(usage.dollars, 9)
    return usage.model_copy(update={"dollars": dollars, "seconds": round(usage.seconds, 3)})
