"""Replies that end before the model has: what cut them off, and what helps.

A server ends a reply alike at max_tokens and where prompt and reply fill its window; only the count
of tokens tells the two apart.
"""

from .exchange import Reply
from .thoughts import only_thoughts

_NEARLY = 0.9  # of max_tokens: servers count the tokens that end a reply, or do not


def fills_window(reply: Reply, max_tokens: int) -> bool:
    """Whether the window of the server cut it off, before `max_tokens` of its endpoint."""
    return reply.finish == "length" and 0 < reply.usage.output_tokens < _NEARLY * max_tokens


def why_cut(reply: Reply, max_tokens: int) -> str:
    """In a sentence, of a reply that was cut off."""
    thoughts = only_thoughts(reply)
    if fills_window(reply, max_tokens):
        what = "model's thoughts were" if thoughts else "reply was"
        return (
            f"the {what} cut off after {reply.usage.output_tokens:,} tokens, before max_tokens"
            f" ({max_tokens:,}): prompt and reply fill the server's window; a larger"
            " window does, or fewer exemplars"
        )
    if thoughts:
        return (
            "the model's thoughts took all of max_tokens and left no room for an answer;"
            " a larger max_tokens of its endpoint does"
        )
    return "the reply was cut off at max_tokens; a shorter one is needed"
