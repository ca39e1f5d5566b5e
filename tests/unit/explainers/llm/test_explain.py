"""Which of several explanations is kept, what a revision is shown, and what becomes of failures."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from explain_factory import ABOUT, Scripted, head_events, reply, table

from headatlas.event_rows import random_windows
from headatlas.events.items import draw_items
from headatlas.explainers.llm import candidates
from headatlas.explainers.llm.candidates import Asking, best, propose
from headatlas.explainers.llm.explain import Settings, explain, trial_of
from headatlas.explainers.llm.misses import SHOWN, misses_of, wrong_items
from headatlas.explainers.llm.prompts import Evidence
from headatlas.explainers.llm.refine import revise
from headatlas.items import QUESTIONS, Item
from headatlas.llm.client import AskError, BudgetSpent, Client, Refused
from headatlas.records.base import Split
from headatlas.records.explanation import Explanation
from headatlas.records.judgement import Answer

# By this seed, of so few exemplars, the draws of round 0 are two, and those of round 1 are others.
SETTINGS = Settings("marked", 3, 1, 3, 1, 2, seed=2)
ITEMS = 8  # four of each question


def seen() -> pa.Table:
    return head_events().filter(pc.field("split") != "test")


def asked_about() -> list[Item]:
    """The validation items of the head by which its explanation is chosen."""
    drawn = draw_items(seen(), 4, 0, ABOUT.layer, ABOUT.head)["validation"]
    return [item for item in drawn if item.question in QUESTIONS]


def answer_to(item: Item, probability: float | None) -> Answer:
    return Answer(
        split="validation",
        control=None,
        probability=probability,
        reply="Hm.",
        **{name: getattr(item, name) for name in ("question", "window", "query", "key")},
    )


async def answers(
    client: Client,
    explanation: Explanation,
    items: Sequence[Item],
    pieces: Mapping[int, Sequence[str]],
    *,
    split: Split,
    per_call: int,
    control: str | None,
) -> list[Answer]:
    """A judge that is always right about an explanation that says good, and so on."""
    assert (split, per_call, control) == ("validation", 1, None)
    assert sorted(pieces) == [20, 21, 22, 23]
    found = []
    for number, item in enumerate(items):
        await client.ask([{"role": "user", "content": explanation.summary}])
        wrong = "bad" in explanation.summary or ("fair" in explanation.summary and number == 0)
        yes = item.holds != wrong
        found.append(answer_to(item, None if "mute" in explanation.summary else float(yes)))
    return found


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "judge_items", answers)


def says(*kinds: str) -> Callable[[int], str]:
    """An explainer whose sample n is an explanation of the n-th kind."""

    def told(sample: int) -> str:
        kind = kinds[sample]
        return kind if "{" in kind else reply(summary=f"Attends to the {kind} token of the text.")

    return told


def run(
    *kinds: str, judge: Client | None = None, temperature: float | None = None
) -> tuple[Explanation, Scripted]:
    explainer = Scripted(says(*kinds), temperature)
    judge = judge or Scripted(lambda sample: "yes")
    asked = explain(ABOUT, seen(), asked_about(), Evidence(), SETTINGS, explainer, judge)
    return asyncio.run(asked), explainer


def rerun(
    previous: Explanation,
    *kinds: str,
    judge: Client | None = None,
    temperature: float | None = None,
    round: int = 1,
) -> tuple[Explanation, Scripted]:
    """A round of revision, whose samples are the ones after those of the rounds before."""
    explainer = Scripted(says(*[""] * round * SETTINGS.candidates, *kinds), temperature)
    judge = judge or Scripted(lambda sample: "yes")
    about = ABOUT.model_copy(update={"round": round})
    asked = revise(about, previous, seen(), asked_about(), Evidence(), SETTINGS, explainer, judge)
    return asyncio.run(asked), explainer


def scores(found: Explanation) -> list[float | None]:
    return [candidate.score for candidate in found.candidates]


def test_the_best_on_validation_is_kept_the_first_of_equals() -> None:
    found, explainer = run("bad", "good", "good")
    assert found.status == "explained"
    assert found.summary == "Attends to the good token of the text."
    assert scores(found) == [0.0, 1.0, 1.0]
    assert [(c.round, c.number, c.reason) for c in found.candidates] == [
        (0, 0, None), (0, 1, None), (0, 2, None),
    ]  # fmt: skip
    assert found.candidates[1].behaviours == found.behaviours
    holds = [item.holds for item in asked_about()]
    assert found.candidates[1].answers == [float(held) for held in holds]
    assert found.candidates[0].answers == [float(not held) for held in holds]
    assert found.usage is not None
    assert found.usage.calls == 3 + 3 * ITEMS
    assert found.usage.dollars == 0.5 * found.usage.calls
    assert run("bad", "bad", "fair")[0].summary == "Attends to the fair token of the text."
    assert len(explainer.asked) == 3


def test_one_client_for_both_is_counted_once() -> None:
    client = Scripted(lambda sample: reply())
    asked = explain(ABOUT, seen(), asked_about(), Evidence(), SETTINGS, client, client)
    found = asyncio.run(asked)
    assert found.usage is not None and found.usage.calls == 3 + 3 * ITEMS == client.usage.calls


def test_a_reply_that_cannot_be_used_is_a_candidate_with_a_reason() -> None:
    found, explainer = run("bad", "{}", "fair")
    assert found.summary == "Attends to the fair token of the text."
    assert found.candidates[1].summary == "" and found.candidates[1].score is None
    assert "summary: Field required" in (found.candidates[1].reason or "")
    assert len(explainer.asked) == 2 + 3  # sent back twice


def test_no_usable_reply_is_a_failed_head_that_cost_something() -> None:
    found, _ = run("{}", "{}", '{"summary": 1}')
    assert found.status == "failed" and found.behaviours == []
    assert (found.reason or "").count("Field required") == 9 and len(found.candidates) == 3
    assert found.usage is not None and found.usage.calls == 9


def test_without_any_score_the_first_explanation_is_kept() -> None:
    found, _ = run("{}", "mute", "mute")
    assert found.summary == "Attends to the mute token of the text."
    assert scores(found) == [None] * 3
    reason = "no answer of the judge on validation text could be scored; the model said: Hm."
    assert [c.reason for c in found.candidates[1:]] == [reason, reason]
    assert scores(run("mute", "bad", "mute")[0]) == [None, 0.0, None]
    assert "bad" in run("mute", "bad", "mute")[0].summary


class Poor(Scripted):
    """A client that fails, for one kind of error, from a certain call on."""

    def __init__(self, kind: type[AskError], after: int = 0):
        super().__init__(lambda sample: reply())
        self.kind, self.after = kind, after

    async def ask(self, *args: object, **more: object) -> object:  # type: ignore[override]
        if len(self.asked) >= self.after:
            raise self.kind("it is over")
        return await super().ask(*args, **more)  # type: ignore[arg-type]


def test_a_spent_budget_fails_the_head_and_a_refusal_a_candidate() -> None:
    spent, _ = run("good", "good", "good", judge=Poor(BudgetSpent, after=2 * ITEMS))
    assert (spent.status, spent.reason) == ("failed", "it is over")
    assert spent.summary == "it is over." and len(spent.candidates) == 3
    assert spent.usage is not None and spent.usage.calls == 3 + 2 * ITEMS
    found = asyncio.run(
        explain(ABOUT, seen(), asked_about(), Evidence(), SETTINGS, Poor(Refused), Poor(Refused))
    )
    assert (found.status, found.reason) == ("failed", "it is over")
    assert [c.reason for c in found.candidates] == ["it is over"] * 3


def test_what_is_not_about_the_head_is_raised() -> None:
    client = Poor(AskError)
    with pytest.raises(AskError, match="it is over"):
        asyncio.run(explain(ABOUT, seen(), asked_about(), Evidence(), SETTINGS, client, client))


def test_a_head_that_overflows_is_not_asked_about() -> None:
    rows = head_events().to_pylist()
    rows[1]["activation"][3] = np.inf
    explainer = Scripted(says())
    asked = explain(ABOUT, table(rows), asked_about(), Evidence(), SETTINGS, explainer, explainer)
    found = asyncio.run(asked)
    assert found.status == "failed" and not explainer.asked
    assert "not finite in 1 of 8 exemplars" in (found.reason or "")


def test_a_revision_is_kept_if_its_score_is_higher() -> None:
    previous, _ = run("bad", "fair", "bad")
    found, explainer = rerun(previous, "fair", "good", "good")
    assert found.summary == "Attends to the good token of the text."
    assert (found.round, found.layer, found.head) == (1, 1, 2)
    assert [(c.round, c.number) for c in found.candidates] == [
        (r, n) for r in (0, 1) for n in range(3)
    ]
    assert found.candidates[:3] == previous.candidates
    assert found.usage is not None
    assert found.usage.calls == 3 + 3 * ITEMS  # judging the previous one was paid for then
    prompt = explainer.asked[0][-1]["content"]
    assert "Attends to the fair token" in prompt
    assert f"Of {ITEMS} answers 1 were wrong, which were these." in prompt
    assert prompt.count("Wrong answer") == 1


@pytest.mark.parametrize("kinds", [("fair other", "bad", "{}"), ("mute",) * 3, ("{}",) * 3])
def test_otherwise_the_previous_explanation_is_carried_on(kinds: tuple[str, ...]) -> None:
    previous, _ = run("bad", "fair", "bad")
    found, _ = rerun(previous, *kinds)
    same = {"round", "candidates", "usage"}
    assert found.model_dump(exclude=same) == previous.model_dump(exclude=same)
    assert found.round == 1 and len(found.candidates) == 6


def test_an_explanation_without_a_wrong_answer_is_carried_on_unasked() -> None:
    previous, _ = run("good", "bad", "bad")
    found, explainer = rerun(previous)
    assert not explainer.asked
    assert found.summary == previous.summary and found.candidates == previous.candidates
    assert found.usage is not None and found.usage.calls == 0 and found.round == 1


def test_a_failed_head_is_tried_again() -> None:
    previous, _ = run("{}", "{}", "{}")
    found, explainer = rerun(previous, "bad", "good", "{}")
    assert found.status == "explained" and found.round == 1
    assert [c.round for c in found.candidates] == [0, 0, 0, 1, 1, 1]
    assert "What does this head do?" in explainer.asked[0][-1]["content"]


def test_at_temperature_0_a_head_that_failed_is_not_asked_the_same_again() -> None:
    """The first candidate of every round sees the same exemplars."""
    failed, first = run("{}", "{}", "{}", temperature=0)
    assert [c.asked for c in failed.candidates] == [True, True, False]
    assert len(first.asked) == 2 * 3  # each sent back twice
    found, explainer = rerun(failed, "good", "bad", "fair", temperature=0)
    again = found.candidates[3]
    same = {"round", "asked"}
    assert again.model_dump(exclude=same) == failed.candidates[0].model_dump(exclude=same)
    assert again.reason and (again.round, again.number, again.asked) == (1, 0, False)
    assert first.asked[0] not in explainer.asked and len(explainer.asked) == 2
    assert found.summary == "Attends to the fair token of the text."
    assert found.usage is not None and found.usage.calls == 2 + 2 * ITEMS
    warm, explainer = rerun(failed, "good", "bad", "fair")  # who draws may say something else
    assert len(explainer.asked) == 3 and all(c.asked for c in warm.candidates[3:])


def test_nor_is_one_whose_revision_was_not_kept() -> None:
    revised, _ = rerun(run("fair", "bad", "bad")[0], "bad", "{}", "bad", temperature=0)
    found, explainer = rerun(revised, "good", "bad", "bad", temperature=0, round=2)
    again = found.candidates[6]
    assert (again.round, again.number, again.asked, again.score) == (2, 0, False, 0)
    assert len(explainer.asked) == sum(c.asked for c in found.candidates[6:]) < 3
    assert found.summary == revised.summary


def test_of_equal_prompts_at_temperature_0_the_first_is_asked() -> None:
    explainer = Scripted(says("fair", "good", "good"), temperature=0)
    trial = trial_of(seen(), asked_about(), SETTINGS, Scripted(lambda sample: "yes"))
    asking = Asking(ABOUT, Evidence().reply, SETTINGS.texts, explainer, trial)
    one, other = ([{"role": "user", "content": text}] for text in ("one", "other"))
    first, second, third = asyncio.run(propose(asking, [one, one, other], []))
    assert explainer.asked == [one, other]
    assert second.explanation is None and not second.candidate.asked
    same = {"number", "asked"}
    assert second.candidate.model_dump(exclude=same) == first.candidate.model_dump(exclude=same)
    assert best([first, second]) is first and third.candidate.asked


def test_what_the_budget_did_not_cover_is_asked_when_it_does() -> None:
    spent, _ = run("good", "good", "good", judge=Poor(BudgetSpent), temperature=0)
    assert [c.prompt for c in spent.candidates] == [None] * 3
    found, explainer = rerun(spent, "good", "good", "good", temperature=0)
    assert found.status == "explained" and found.candidates[3].asked and len(explainer.asked) == 3


def test_a_revision_without_money_keeps_what_there_is() -> None:
    previous, _ = run("bad", "fair", "bad")
    found, explainer = rerun(previous, judge=Poor(BudgetSpent))
    assert found.summary == previous.summary and not explainer.asked
    reason = found.candidates[-1].reason
    assert reason is not None and reason.endswith("could not be judged: it is over")
    later, _ = rerun(previous, "good", "good", "good", judge=Poor(BudgetSpent, after=ITEMS))
    assert later.summary == previous.summary
    assert [c.reason for c in later.candidates[3:]] == ["it is over"] * 3


def test_no_prompt_holds_text_of_the_test_split() -> None:
    previous, explainer = run("bad", "bad", "bad")
    _, reviser = rerun(previous, "bad", "bad", "bad")
    prompts = [m["content"] for asked in explainer.asked + reviser.asked for m in asked]
    assert any("Then the dog" in prompt for prompt in prompts)
    assert not any("secret" in prompt for prompt in prompts)


def test_wrong_answers_are_those_on_the_wrong_side_the_surest_first() -> None:
    items = [Item("active", 20, query, None, query % 2 == 0) for query in range(1, 7)]
    told = [0.6, 0.4, 0.5, None, 1.0, 0.9]
    wrong = wrong_items(items, [answer_to(i, p) for i, p in zip(items, told, strict=True)])
    assert [item.query for item in wrong] == [5, 1, 2]


def test_misses_say_what_was_told_and_what_is_so() -> None:
    events = {e.window: e for e in random_windows(head_events(), "validation")}
    wrong = [
        Item("active", 20, 8, None, True),
        Item("active", 20, 3, None, False),
        Item("attends", 20, 8, 2, True),
        Item("attends", 20, 8, 8, False),
    ]
    said = [miss.sentence for miss in misses_of(wrong, events, 8.0)]
    assert said == [
        "The reader said that the head is active at the query; it is not",
        "The reader said that the query attends to itself; 0% of its attention goes there",
        "The reader said that the head is not active at the query; it is active",
        "The reader said that the query does not attend to the key 6 back;"
        " 75% of its attention goes there",
    ]
    assert len(misses_of(wrong[:1] * 20, events, 8.0)) == SHOWN
    assert misses_of(wrong[:1], events, 8.0)[0].excerpt.shown == list(range(9))
