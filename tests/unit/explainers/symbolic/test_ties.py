"""Text that repeats with one period, where an earlier occurrence is a fixed distance away."""

import numpy as np
import pytest

from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.evaluate import keys_of
from headatlas.explainers.symbolic.explain import explain
from headatlas.explainers.symbolic.language import parse_source, parse_trigger
from headatlas.explainers.symbolic.sample import measure
from headatlas.explainers.symbolic.ties import always_same, differing, gained
from headatlas.explainers.symbolic.windows import Measured
from headatlas.records.explanation import Explanation
from headatlas.records.head import HeadRecord
from headatlas.settings.symbolic import Symbolic

T, WINDOWS, PERIOD = 96, 6, 5
ABOUT = HeadRecord(model="m", corpus="c", explainer="symbolic", round=0, layer=0, head=0)
INDUCTION = "after(same_token, last)"
OFFSET = f"offset({PERIOD - 1})"


def periodic(rng: np.random.Generator, start: int) -> Context:
    """A window of one period, behind `start` special tokens."""
    period = rng.permutation(20)[:PERIOD] + 1
    tokens = [0] * start + np.resize(period, T - start).tolist()
    return Context(tokens, ["<s>" if t == 0 else f" word{chr(96 + t)}" for t in tokens])


def attending(context: Context, source: str) -> Measured:
    """A head with 0.8 of its attention on the keys of a source, the rest on the first token."""
    keys = keys_of(parse_source(source), context)
    attention = 0.8 * keys / np.maximum(keys.sum(axis=1, keepdims=True), 1)
    attention[:, 0] += 1 - attention.sum(axis=1)
    return Measured(context, np.ones(T), attention.astype(np.float32))


def explained(source: str, start: int) -> Explanation:
    rng = np.random.default_rng(0)
    train, validation = (
        [attending(periodic(rng, start), source) for _ in range(WINDOWS)] for _ in range(2)
    )
    return explain(ABOUT, train, validation, {}, Symbolic(texts=2), rng)


@pytest.mark.parametrize(("source", "family"), [(INDUCTION, "induction"), (OFFSET, "offset")])
def test_the_few_queries_that_tell_two_sources_apart_decide(source: str, family: str) -> None:
    """One query of 94: the first at which a token is as far behind as the period asks."""
    found = explained(source, start=1)
    assert found.program is not None
    assert found.program.rules[0].source == source
    assert [b.family for b in found.behaviours] == [family]


@pytest.mark.parametrize("source", [INDUCTION, OFFSET])
def test_what_no_query_tells_apart_is_said(source: str) -> None:
    assert (
        " On this text, the token 4 positions before is always the token that followed the current"
        " token's previous occurrence (induction) as well: it cannot tell the two apart."
    ) in explained(source, start=0).summary


def test_what_a_query_tells_apart_is_not_said_to_be_alike() -> None:
    assert "On this text" not in explained(OFFSET, start=1).summary


def test_where_two_pairs_differ_and_what_each_gains_there() -> None:
    """<s> a b a b: the last occurrence of a token is two before, wherever there is one."""
    context = Context([0, 1, 2, 1, 2], ["<s>", " a", " b", " a", " b"])
    attention = np.zeros((5, 5), np.float32)
    attention[3, 1], attention[4, 2] = 0.5, 0.25
    sources = [parse_source(s) for s in ("offset(2)", "last(same_token)", "previous_token")]
    triggers = [parse_trigger(t) for t in ("any", "seen_before")]
    sample = measure([Measured(context, np.ones(5), attention)], sources, triggers)
    free = np.ones(4, bool)
    assert always_same([sample], 0, sources) == [sources[1]]
    where, named = differing(sample, (0, 0), (1, 1), free)
    assert (where.tolist(), named) == ([False] * 4, 2)
    where, named = differing(sample, (0, 0), (2, 0), free)
    assert (where.tolist(), named) == ([False, True, True, True], 3)
    # m (2a - m) of the queries of 0.5 and of 0.25, of mass 0.5; what others gain at query 2
    others = np.array([9, 0.125, 9, 9], np.float32)
    assert gained(sample, (0, 0), 0.5, where, others) == pytest.approx(0.25 + 0.0 + 0.125)
    assert gained(sample, (2, 0), 0.5, where, others) == pytest.approx(3 * -0.25)
    where, named = differing(sample, (0, 0), (2, 0), np.array([True, True, False, False]))
    assert (where.tolist(), named) == ([False, True, False, False], 1)
