"""Language models whose quality is known, as a function of what a study varies: its worlds.

What such a model says of a planted head is a name, by which the judge finds what the head does,
and a quality q: to so large a share of questions the judge gives the right answer, and to the
others whatever comes up. So the AUROC of its answers is expected to be 0.5 + q (a − 0.5), where a
is that of right answers alone. A model tells from the prompt what it is shown, and from its own
name which world it is in: in `better` q depends on what the study varies, in `equal` on nothing.
"""

import json
import random
import re
import zlib
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from answer_key import AnswerKeyBrain, explained
from llm_server import Behaviour, Body
from planted_truth import true_activation, true_attention

from headatlas.explainers.llm.questions import shown
from headatlas.explainers.symbolic.context import Context
from headatlas.items import Item, Question, read_items
from headatlas.records.base import Split

WORLDS = ("better", "equal")
LETTERS = 4  # of a token, about
POOR, GOOD = 0.1, 1.0  # between which the quality of a candidate is drawn, where it differs
SAME = 0.6  # and what it is where all are the same
QUALITY = re.compile(r"as head (L\d\dH\d\d) does; said as number (\d+), with quality ([\d.]+)")
_PASSAGE = re.compile(r"<data (\w+)>\n(.*?)\n</data \1>", re.DOTALL)
_QUESTIONS = {"active": "is the head active at the query?", "attends": "does the query attend"}


class Shown(NamedTuple):
    """What a prompt shows that a study may vary."""

    model: str
    table: bool
    worked: int
    reasoned: bool
    exemplars: int
    previous: float | None  # quality of the explanation that is to be revised


def shown_in(body: Body) -> Shown:
    """What the prompt of a request shows."""
    system, *worked, last = (message["content"] for message in body["messages"])
    previous = QUALITY.search(last)
    return Shown(
        body["model"],
        "Each line of an exemplar is a token" in system,
        len(worked) // 2,
        '"reasons":' in system,
        len(re.findall(r"^Exemplar \d+:", last, re.MULTILINE)),
        float(previous[3]) if previous else None,
    )


def best_of(candidates: int, world: str) -> float:
    """The expected quality of the best of some candidates, if it is always found."""
    if world == "equal":
        return SAME
    return POOR + (GOOD - POOR) * candidates / (candidates + 1)


# What q is where the study's setting matters.
BETTER: dict[str, Callable[[Shown, random.Random], float]] = {
    "explainer-model": lambda prompt, _: 0.8 if prompt.model.endswith("-local") else 0.4,
    "exemplar-format": lambda prompt, _: 0.8 if prompt.table else 0.4,
    "few-shot": lambda prompt, _: 0.3 + 0.2 * prompt.worked,
    "chain-of-thought": lambda prompt, _: 0.8 if prompt.reasoned else 0.4,
    "exemplars-shown": lambda prompt, _: 0.3 + 0.03 * prompt.exemplars,
    "candidates": lambda _, rng: rng.uniform(POOR, GOOD),
    "rounds": lambda prompt, _: 0.3 if prompt.previous is None else prompt.previous + 0.3,
}


def quality(study: str, world: str, prompt: Shown, rng: random.Random) -> float:
    """How good what is said to a prompt is, in a world of a study.

    In `equal` it is drawn for every reply anew; but where replies are chosen from, and choosing
    among different ones is worth something, all are the same.
    """
    if world == "better":
        return BETTER[study](prompt, rng)
    return SAME if study in ("candidates", "rounds") else rng.choice((0.4, 0.6, 0.8))


class Worlds(AnswerKeyBrain):
    """Explains as models named `STUDY-WORLD` or `STUDY-WORLD-ANYTHING`, and judges as `judge`.

    `proposals` has what a model of each world says that is asked for features of a program.
    """

    def __init__(self, subject: Path, run: Path, heads: list[str], proposals: dict[str, str]):
        super().__init__(subject, run, heads)
        self._proposals = proposals

    def __call__(self, body: Body) -> Behaviour:
        said = self._said(body)
        letters = sum(len(message["content"]) for message in body["messages"])
        return Behaviour(said, usage=(letters // LETTERS, len(said) // LETTERS))

    def _said(self, body: Body) -> str:
        model = body["model"]
        if model in self._proposals:
            return self._proposals[model]
        if model == "judge":
            return self._judged(*(message["content"] for message in body["messages"]))
        prompt = body["messages"][-1]["content"]
        study, world = next((s, w) for s in BETTER for w in WORLDS if model.startswith(f"{s}-{w}"))
        number = zlib.crc32(json.dumps(body["messages"] + [model]).encode())
        shows = shown_in(body)
        q = quality(study, world, shows, random.Random(number))
        name = self._head_of(prompt)
        said = json.loads(explained(self.heads[name]))
        said["summary"] = (
            f"It attends to the same tokens as head {name} does; said as number {number}, with "
            f"quality {q:.2f} of what is to be known."
        )
        return json.dumps(
            ({"reasons": "It is what the exemplars show."} if shows.reasoned else {}) | said
        )

    def _judged(self, system: str, prompt: str) -> str:
        """As often as the quality says the truth about the head named; a line for a passage."""
        told = QUALITY.search(system)
        assert told, system
        (question,) = (name for name, words in _QUESTIONS.items() if words in system)
        name, number, share = told[1], told[2], float(told[3])
        answers = []
        for _, passage in _PASSAGE.findall(prompt):
            rng = random.Random(zlib.crc32(f"{number} {question} {passage}".encode()))
            right = self.truth(name, self._items[question, passage])
            yes = right if rng.random() < share else rng.random() < 0.5
            answers.append("yes" if yes else "no")
        if len(answers) == 1:
            return answers[0]
        return "\n".join(f"{n}: {answer}" for n, answer in enumerate(answers, 1))

    def truth(self, name: str, item: Item) -> bool:
        """The right answer about an item, if the head is the one of this name."""
        head, context = self.heads[name], Context(*self._texts[item.window])
        if item.key is None:
            return bool(true_activation(head, context)[item.query] > 0)
        return bool(item.key and true_attention(head, context)[item.query, item.key])

    @cached_property
    def _items(self) -> dict[tuple[str, str], Item]:
        """Of question and passage the item; what the head did there does not matter here."""
        return {
            (item.question, shown(self._texts[item.window][1], item.query, item.key)): item
            for head in self.heads
            for item in self.items_of(head, "validation", "test")
            if item.question in _QUESTIONS
        }

    def best(self, name: str, split: Split = "test", question: Question = "attends") -> float:
        """The AUROC of right answers to a question about a head; 0.5 where it cannot be asked."""
        asked = [item for item in self.items_of(name, split) if item.question == question]
        told = [
            [self.truth(name, item) for item in asked if item.holds is holds]
            for holds in (True, False)
        ]
        return 0.5 + (fmean(told[0]) - fmean(told[1])) / 2 if all(told) else 0.5

    def items_of(self, name: str, *splits: Split) -> Iterable[Item]:
        """The items of a head."""
        head = self.heads[name]
        drawn = read_items(self._run / f"items/layer{head.layer:02d}.parquet", head.head)
        return [item for split in splits for item in drawn[split]]
