"""What is proposed enters the search: a true set is found by it, and nonsense changes nothing."""

from collections.abc import Sequence

import numpy as np
import pytest
from planted_windows import ABOUT, SETTINGS, VOCABULARY, Window, planted, sampled_contexts, seen_of

from headatlas.explainers.hybrid.search import (
    FOUND_ANYWAY,
    NO_BETTER,
    NOT_TRIED,
    NOTHING_CLEAR,
    Search,
    _covers,
    features_of,
)
from headatlas.explainers.logit.features import By, Feature
from headatlas.explainers.logit.selection import select
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.explain import explain
from headatlas.explainers.symbolic.language import ANY, parse_source
from headatlas.explainers.symbolic.predict import attention_of
from headatlas.explainers.unexplained import failed_explanation
from headatlas.records.explanation import Explanation
from headatlas.records.proposals import Proposal, Proposals
from headatlas.records.usage import Usage

RARE = range(192, 208)  # tokens too rare for the search to list them
SET = f"tokens({', '.join(map(str, RARE))})"
USAGE = Usage(calls=1, retries=0, input_tokens=9, output_tokens=9, dollars=0.5, seconds=1.0)


def contexts_of(rng: np.random.Generator) -> list[Context]:
    """Windows with four tokens of the set each, none of which is in more than two windows."""
    found = []
    for number, context in enumerate(sampled_contexts(rng)):
        tokens = context.tokens.tolist()
        for place, token in enumerate(RARE[4 * number % 16 :][:4]):
            tokens[int(rng.integers(1, 16)) + 16 * place] = token
        pieces = [VOCABULARY[t] if t < 192 else f" word{chr(t)}" for t in tokens]
        found.append(Context(tokens, pieces))
    return found


def head(*sources: str, where: str = "any") -> tuple[list[Window], list[Window], list[Window]]:
    """What a head does that attends to a source, on three splits; the first only `where`."""
    rng = np.random.default_rng(3)
    splits = [contexts_of(rng) for _ in range(3)]
    rules = [(source, "any" if n else where, 0.8) for n, source in enumerate(sources)]
    return tuple([planted(c, rules, rng) for c in own] for own in splits)


def explained(windows: tuple[list[Window], ...], search: Search | None = None) -> Explanation:
    train, validation, _ = windows
    contexts = {
        "train": [window.context for window in train],
        "validation": [window.context for window in validation],
    }
    seen = seen_of(train), seen_of(validation)
    rng = np.random.default_rng(0)
    found = explain(ABOUT, *seen, contexts, SETTINGS, rng, search or select)
    return search.told(found) if search else found


def proposals(*features: tuple[str, str] | None, reasons: Sequence[str] = ()) -> Proposals:
    """These features as what was proposed; None is an invalid one."""
    return Proposals(
        **ABOUT.model_dump(),
        language_model="m",
        proposals=[
            Proposal(reply=0, said="x", source=f[0], trigger=f[1], attends_to="it", reason=None)
            if f
            else Proposal(reply=0, said="x", source=None, trigger=None, reason="is nonsense")
            for f in features
        ],
        reasons=[*reasons],
        usage=USAGE,
    )


def error(explanation: Explanation, test: list[Window]) -> float:
    """Total variation distance of predicted and measured attention, the mean over queries."""
    assert explanation.program is not None
    found = attention_of(explanation.program, [window.context for window in test])
    distances = [
        np.abs(one - window.attention).sum(axis=1)[1:] / 2
        for one, window in zip(found, test, strict=True)
    ]
    return float(np.mean(distances))


def test_a_set_that_the_search_cannot_see_is_found_where_it_is_proposed() -> None:
    windows = head(SET)
    alone = explained(windows)
    helped = explained(windows, Search(proposals((SET, "any"), ("last(digit)", "any"))))
    named = ", ".join(b.source or "" for b in alone.behaviours)
    assert not any(str(token) in named for token in RARE)  # the others, that it attends to less
    (first, *_) = [b for b in helped.behaviours if b.family != "sink"]
    assert (first.source, first.trigger) == (SET, "any")
    assert error(helped, windows[2]) < 0.1 < 0.15 < error(alone, windows[2])
    accepted, other = helped.candidates
    assert accepted.score is not None and accepted.score > 0.5 and accepted.reason is None
    assert (other.score, other.reason) == (None, NOTHING_CLEAR)
    assert accepted.summary == "Attends to it." and accepted.behaviours[0].source == SET
    assert helped.usage == USAGE


@pytest.mark.parametrize("source", ["last(digit)", SET])
def test_nonsense_changes_nothing_but_the_cost(source: str) -> None:
    windows = head(source)
    alone = explained(windows)
    nonsense = [None, ("offset(7)", "class(comma)"), ("tokens(25, 27)", "at_tokens(30)")]
    told = explained(windows, Search(proposals(*nonsense)))
    assert [c.score for c in told.candidates] == [None] * 3
    assert [c.reason for c in told.candidates] == ["invalid: is nonsense"] + [NOTHING_CLEAR] * 2
    assert told.usage == USAGE
    without = {"candidates": [], "usage": None}
    assert told.model_copy(update=without).model_dump_json() == alone.model_dump_json()


def test_what_the_search_finds_itself_is_told_so() -> None:
    windows = head("last(digit)")
    told = explained(windows, Search(proposals(("last(digit)", "any"), ("tokens(8)", "any"))))
    assert [c.reason for c in told.candidates] == [FOUND_ANYWAY, NOTHING_CLEAR]


def test_what_the_search_finds_too_is_not_credited_beside_what_helps() -> None:
    own = ("last(digit)", "class(punctuation)")
    windows = head(own[0], SET, where=own[1])
    assert own in [(b.source, b.trigger) for b in explained(windows).behaviours]
    both = Search(proposals(own, (SET, "any")))
    found, accepted = explained(windows, both).candidates
    assert (found.score, found.reason) == (None, FOUND_ANYWAY)
    assert accepted.score is not None and accepted.reason is None


def test_what_is_taken_but_found_anyway_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the other path of the search comes to something that tells more."""
    from headatlas.explainers.hybrid import search

    windows = head("last(digit)")
    monkeypatch.setattr(search, "above_zero", lambda gain: True)
    told = explained(windows, Search(proposals(("last(digit)", "any"))))
    assert [c.reason for c in told.candidates] == [FOUND_ANYWAY]
    assert told.program == explained(windows).program


@pytest.mark.parametrize(
    ("own", "other", "covered"),
    [
        (("", "tokens(1, 2)"), ("", "tokens(1)"), True),
        (("", "tokens(1)"), ("", "tokens(1, 2)"), False),
        (("token", "tokens(1, 2)"), ("", "tokens(1)"), True),  # which says more
        (("", "tokens(1, 2)"), ("token", "tokens(1)"), False),  # which says less
        (("distance", "last(digit)"), ("", "last(digit)"), True),
        (("", "last(digit)"), ("", "last(comma)"), False),
    ],
)
def test_what_a_behaviour_of_the_search_covers(
    own: tuple[By, str], other: tuple[By, str], covered: bool
) -> None:
    one, two = (Feature(parse_source(text), ANY, by) for by, text in (own, other))
    assert _covers(one, two) == covered


def test_of_what_was_taken_in_vain_the_program_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even what each step of the search accepts is kept only if the whole tells more."""
    from headatlas.explainers.hybrid import search

    windows = head(SET)
    monkeypatch.setattr(search, "above_zero", lambda gain: False)
    told = explained(windows, Search(proposals((SET, "any"))))
    assert [c.reason for c in told.candidates] == [NO_BETTER]
    assert told.program == explained(windows).program


def test_a_head_that_failed_has_what_was_proposed() -> None:
    told = Search(proposals((SET, "any"))).told(failed_explanation(ABOUT, "It broke"))
    assert (told.status, [c.reason for c in told.candidates]) == ("failed", [NOT_TRIED])
    assert told.usage == USAGE


def test_why_nothing_was_proposed_is_in_the_record() -> None:
    failed = failed_explanation(ABOUT, "It broke")
    told = Search(proposals(reasons=["the budget is spent", "no JSON"])).told(failed)
    assert [(c.number, c.summary, c.score, c.reason) for c in told.candidates] == [
        (0, "", None, "the budget is spent"),
        (1, "", None, "no JSON"),
    ]
    _, other = Search(proposals((SET, "any"), reasons=["no JSON"])).told(failed).candidates
    assert (other.number, other.reason) == (1, "no JSON")


def test_a_list_is_offered_with_one_weight_and_with_many() -> None:
    valid, plain = proposals((SET, "any"), ("last(digit)", "any")).proposals
    assert [f.by for f in features_of(valid)] == ["", "token"]
    assert [f.by for f in features_of(plain)] == [""]
