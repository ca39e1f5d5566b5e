"""Language models that know a planted subject's answer key: the brain of a test server.

A head is recognised by its metrics in the prompt, a passage by its text, and an explanation by
the name of the head that its summary ends with, so that all that lies between such a model and
a perfect score is the workflow. What the model called
`right` says is true, `wrong` tells the truth about another head, and `learner` is wrong until
it is shown wrong answers. Every other model judges.
"""

import json
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from llm_server import Body
from planted_truth import true_activation, true_attention

from headatlas.explainers.llm.questions import passages_of
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.language import parse_source, parse_trigger
from headatlas.explainers.symbolic.wording import active_when, attends_to
from headatlas.items import Item, read_items
from headatlas.records.base import head_name
from headatlas.records.events import EVENTS
from headatlas.records.stats import STATS
from headatlas.storage import read_head, read_record, read_table
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead

_FENCE = re.compile(r"The word of this message's data is (\S+)\.")


class AnswerKeyBrain:
    """`run` is the folder of the subject's results on a corpus, which fills as they are asked."""

    def __init__(self, subject: Path, run: Path, heads: list[str]):
        key = read_record(subject / ANSWER_KEY, AnswerKey)
        planted = {head_name(head.layer, head.head): head for head in key.heads}
        self.heads = {name: planted[name] for name in heads}
        self._run = run

    def __call__(self, body: Body) -> str:
        prompt = body["messages"][-1]["content"]
        if body["model"] in ("right", "wrong", "learner"):
            name = self._head_of(prompt)
            learnt = body["model"] == "learner" and "Wrong answer 1" in prompt
            return explained(
                self.heads[name if learnt or body["model"] == "right" else self._other(name)]
            )
        return self._judged(body["messages"][0]["content"], prompt)

    def _other(self, name: str) -> str:
        """The head after it, of another role."""
        names = list(self.heads)
        start = names.index(name) + 1
        others = (names * 2)[start : start + len(names)]
        return next(n for n in others if self.heads[n].role != self.heads[name].role)

    def _head_of(self, prompt: str) -> str:
        """The head of which the prompt has the metrics."""
        found = [name for name in self.heads if all(m in prompt for m in self._metrics(name))]
        assert len(found) == 1, found
        return found[0]

    def _metrics(self, name: str) -> list[str]:
        head = self.heads[name]
        stats = read_head(self._run / f"stats/layer{head.layer:02d}.parquet", STATS, head.head)
        return ["{value:.3g} ({low:.3g} to {high:.3g})".format(**row) for row in stats.to_pylist()]

    def _judged(self, system: str, prompt: str) -> str:
        """Yes where the head that the explanation tells of would be active or attend; its level."""
        told = re.search(r"as head (L\d\dH\d\d) does", system)
        assert told, (system, prompt)
        item = self._passages[_without_fence(prompt)]
        head, context = self.heads[told[1]], Context(*self._texts[item.window])
        active = true_activation(head, context)
        if item.question == "levels":
            return "\n".join(f"{n}: {9 * active[at]:.0f}" for n, at in enumerate(item.marks, 1))
        if item.question == "marked":
            return "yes" if active[list(item.marks)].mean() > 0.5 else "no"
        if item.key is None:
            return "yes" if active[item.query] > 0 else "no"
        return "Yes." if item.key and true_attention(head, context)[item.query, item.key] else "No."

    @cached_property
    def _passages(self) -> dict[str, Item]:
        """What the head does not do at a passage does not matter here: only where it is."""
        found = {}
        pieces = {window: text for window, (_, text) in self._texts.items()}
        for head in self.heads.values():
            drawn = read_items(self._run / f"items/layer{head.layer:02d}.parquet", head.head)
            for items in drawn.values():
                for item in items:
                    found[_without_fence(passages_of([item], pieces))] = item
        return found

    def _events(self, head: PlantedHead) -> Path:
        return self._run / f"events/layer{head.layer:02d}.parquet"

    @cached_property
    def _texts(self) -> dict[int, tuple[list[int], list[str]]]:
        """Tokens and pieces of each window that is judged on."""
        head = next(iter(self.heads.values()))
        table = read_table(self._events(head), EVENTS, ["window", "tokens", "pieces"])
        return {row["window"]: (row["tokens"], row["pieces"]) for row in table.to_pylist()}


class GradingBrain:
    """Grades an explanation that names a head, as `explained` does, by that head's own truth."""

    def __init__(self, heads: Iterable[PlantedHead]):
        self._heads = {head_name(head.layer, head.head): head for head in heads}

    def __call__(self, body: Body) -> str:
        prompt = body["messages"][-1]["content"]
        truth, _, described = prompt.partition("The description stands")
        told = re.search(r"as head (L\d\dH\d\d) does", described)
        assert told, prompt
        lines = [
            (attends_to(parse_source(rule.source)), active_when(parse_trigger(rule.trigger)))
            for rule in self._heads[told[1]].rules
        ]
        point = 0 if "attends to the tokens to which" in described else 1
        asked = re.findall(r"^- It attends to (.*?)(?:, when (.*))?\.$", truth, re.MULTILINE)
        return "yes" if [a[point] for a in asked] == [line[point] for line in lines] else "no"


def _without_fence(prompt: str) -> str:
    """What is shown, without the word around it, which is of the whole message."""
    word = _FENCE.search(prompt)
    assert word, prompt
    return prompt.replace(word[1], "")


def explained(head: PlantedHead) -> str:
    """The reply that tells what a head was built to do."""
    name = head_name(head.layer, head.head)
    behaviour = {
        "name": head.role.replace("_", " "),
        "attends_to": head.words,
        "active_when": "",
        "purpose": "",
    }
    return json.dumps(
        {
            "summary": f"It attends to the same tokens as head {name} does.",
            "behaviours": [behaviour],
            "confidence": 0.9,
            "positive_texts": [f"A text with the number {n} in it, and so on." for n in range(2)],
            "negative_texts": [f"Another text, of the kind {n} and no other." for n in range(2)],
        }
    )
