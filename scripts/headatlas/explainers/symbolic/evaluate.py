"""What an expression means: the keys of a source, the queries of a trigger."""

import numpy as np
from jaxtyping import Bool, Int

from .context import Context, one_later
from .language import EARLY, Expression


def keys_of(source: Expression, context: Context) -> Bool[np.ndarray, "query key"]:
    """The keys that `source` names for each query, never later than the query.

    Position 0 is left out, since attention to it is mostly rest, unless the source is
    `first_token`.
    """
    found = _keys(source, context)
    if source.name != "first_token":
        found[:, 0] = False
    return found


def holds(trigger: Expression, context: Context) -> Bool[np.ndarray, " query"]:
    """The queries at which `trigger` holds."""
    match trigger.name, trigger.arguments:
        case "any", _:
            return np.ones(context.length, bool)
        case "class", (str(name),):
            return context.classes[name]
        case "after_class", (str(name),):
            return one_later(context.classes[name])
        case "seen_before", _:
            return context.seen_before
        case "not_seen_before", _:
            return ~context.seen_before
        case "bigram_seen_before", _:
            return context.bigram_seen_before
        case "repeating", _:
            return context.repeating
        case "early", _:
            return context.positions < EARLY
        case "late", _:
            return context.positions >= EARLY
        case "inside", ("brackets",):
            return context.open_bracket >= 0
        case "inside", ("quotes",):
            return context.open_quote >= 0
        case "starts_line", _:
            return context.starts_line
        case "starts_word", _:
            return context.starts_word
        case "continues_word", _:
            return context.continues_word
        case "at_tokens", ids:
            return np.isin(context.tokens, ids)
    raise ValueError(f"{trigger} is not a trigger")


def _keys(source: Expression, context: Context) -> Bool[np.ndarray, "query key"]:
    n = context.length
    match source.name, source.arguments:
        case "previous_token", _:
            return np.eye(n, k=-1, dtype=bool)
        case "current_token", _:
            return np.eye(n, dtype=bool)
        case "first_token", _:
            return np.broadcast_to(context.positions == 0, (n, n)).copy()
        case "offset", (int(distance),):
            return np.eye(n, k=-distance, dtype=bool)
        case "recent", (int(reach),):
            return np.logical_and(context.up_to, ~np.tri(n, k=-reach, dtype=bool), dtype=bool)
        case "everything", _:
            return context.up_to.copy()
        case "line_start", _:
            return _last(context.starts_line & context.up_to)
        case "open_bracket", _:
            return _at(context.open_bracket)
        case "open_quote", _:
            return _at(context.open_quote)
        case "word_so_far", _:
            return context.same_run.copy()
        case "last", (str(match_name),):
            return _last(_matches(match_name, context, itself=True))
        case "all", (str(match_name),):
            return _matches(match_name, context, itself=True).copy()
        case ("after" | "before") as side, (str(match_name), pick):
            found = _matches(match_name, context, itself=False)
            found = _last(found) if pick == "last" else found
            return _neighbours(found, 1 if side == "after" else -1)
        case "within", (str(segment),):
            return context.same_segment(segment).copy()
        case "tokens", ids:
            return context.up_to & np.isin(context.tokens, ids)
        case "after_tokens", ids:
            return context.up_to & one_later(np.isin(context.tokens, ids))
        case "new_tokens", ids:
            return context.up_to & (np.isin(context.tokens, ids) & ~context.seen_before)
    raise ValueError(f"{source} is not a source")


def _matches(name: str, context: Context, *, itself: bool) -> Bool[np.ndarray, "query key"]:
    """Earlier keys of a relation or a class; `itself`: the query too, if it is of the class."""
    relations = {
        "same_token": lambda: context.same_token,
        "same_word": lambda: context.same_word,
        "same_bigram": lambda: context.same_bigram,
    }
    if name in relations:
        return relations[name]()
    return (context.up_to if itself else context.earlier) & context.classes[name]


def _last(found: Bool[np.ndarray, "query key"]) -> Bool[np.ndarray, "query key"]:
    """Of each query's keys the last one alone."""
    return _at((found * np.arange(1, len(found) + 1, dtype=np.int32)).max(axis=1) - 1)


def _at(position: Int[np.ndarray, " query"]) -> Bool[np.ndarray, "query key"]:
    """One key per query, none where it is -1."""
    return position[:, None] == np.arange(len(position), dtype=position.dtype)


def _neighbours(found: Bool[np.ndarray, "query key"], step: int) -> Bool[np.ndarray, "query key"]:
    """The keys one after (`step` 1) or one before (-1) those found; none beyond the ends."""
    moved = np.zeros_like(found)
    if step == 1:
        moved[:, 1:] = found[:, :-1]
    else:
        moved[:, :-1] = found[:, 1:]
    return moved
