"""What language models can learn to explain and to simulate heads from: chats, a line each.

A test example is of a head that no other part has a word of, and its passages are of documents
that no other part has a word of; likewise validation. What would be in two parts is in none.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from ..event_rows import Event, events_of
from ..explainers.llm.exemplars import choose_exemplars, excerpt, largest_activation
from ..explainers.llm.prompts import Evidence, explain_messages
from ..explainers.llm.reply import MAX_BEHAVIOURS, BehaviourReply, ExplanationReply
from ..llm.client import Message
from ..reading.alike import Head, groups_of
from ..reading.atlas import Atlas, once_each
from ..records.base import SPLITS, Split, head_name
from ..records.events import EVENTS
from ..records.explanation import Explanation
from ..storage import read_chunks, write_text
from .levels import levels_chat

TASKS = ("explainer", "simulator")
EXEMPLARS, PASSAGES = 12, 8  # of a head: shown to the explainer, asked of the simulator
_HELD_OUT = 0.1  # least share of the heads in validation, and in test
_CHUNK = 256


class Parts(NamedTuple):
    """The part that a head, a document and a text are in; what is in none is left out."""

    heads: Mapping[Head, Split]
    documents: Mapping[str, Split]
    texts: Mapping[bytes, Split]

    def has(self, event: Event, part: Split) -> bool:
        """Whether a window may be shown in a part."""
        return self.documents.get(event.document) == self.texts.get(_digest(event.pieces)) == part


def write_finetuning(atlases: Sequence[Atlas], folder: Path, env: jinja2.Environment) -> None:
    """Write `TASK/PART.jsonl` for explainer and simulator, and a card, into `folder`.

    Heads count whose explanation counts as explained, and a run by several clusterings once. The
    events of one head are in memory.
    """
    atlases = once_each(atlases)
    parts = parts_of(atlases)
    counts: Counter[tuple[str, str]] = Counter()
    lines: dict[tuple[str, Split], list[str]] = {(t, p): [] for t in TASKS for p in SPLITS}
    for atlas in atlases:
        for task, part, example in examples(atlas, parts):
            lines[task, part].append(json.dumps(example, ensure_ascii=False))
            counts[task, part] += 1
    for (task, part), found in lines.items():
        write_text(folder / task / f"{part}.jsonl", "".join(f"{line}\n" for line in found))
    heads = Counter(parts.heads.values())
    card = env.get_template("finetuning.md")
    write_text(
        folder / "README.md",
        card.render(tasks=TASKS, parts=SPLITS, counts=counts, heads=heads, atlases=atlases),
    )


def parts_of(atlases: Sequence[Atlas]) -> Parts:
    """Where heads, documents and texts are: what the runs have in several splits is nowhere.

    Heads of which the same is said are in one part.
    """
    documents: dict[str, set[Split]] = {}
    texts: dict[bytes, set[Split]] = {}
    for atlas in atlases:
        path = atlas.folder / "raw_events.parquet"
        for batch in read_chunks(path, EVENTS, ["split", "document", "pieces"], _CHUNK):
            for row in batch.to_pylist():
                documents.setdefault(row["document"], set()).add(row["split"])
                texts.setdefault(_digest(row["pieces"]), set()).add(row["split"])
    return Parts(
        parts_of_heads(groups_of(atlases)),
        {name: next(iter(splits)) for name, splits in documents.items() if len(splits) == 1},
        {text: next(iter(splits)) for text, splits in texts.items() if len(splits) == 1},
    )


def parts_of_heads(groups: Mapping[Head, Head]) -> dict[Head, Split]:
    """The part of each head: groups go to test and validation until these have a tenth each.

    The smallest go first, those of a size in random order, since many heads may be in one group.
    With fewer than three groups there is nothing to test on.
    """
    members: dict[Head, list[Head]] = {}
    for head, group in groups.items():
        members.setdefault(group, []).append(head)
    shuffled = np.random.default_rng(0).permutation(len(members))
    order = sorted((sorted(members)[n] for n in shuffled), key=lambda group: len(members[group]))
    found: dict[Head, Split] = {}
    for group in order:
        sizes = Counter(found.values())
        wanted: list[Split] = ["test", "validation"] if len(members) > 2 else []
        short = [part for part in wanted if sizes[part] < _HELD_OUT * len(groups)]
        found |= dict.fromkeys(members[group], short[0] if short else "train")
    return found


def examples(atlas: Atlas, parts: Parts) -> Iterator[tuple[str, Split, dict[str, Any]]]:
    """The examples of a run, each with its task and part."""
    counted = dict(atlas.heads.select("name", "status").iter_rows())
    for layer, head, table in _heads(atlas.folder / "raw_events.parquet"):
        name = head_name(layer, head)
        if counted.get(name) != "explained":
            continue
        part = parts.heads[atlas.record.model, name]
        explanation = atlas.head(name)
        train = events_of(table, ["train"])
        seen = [event for event in events_of(table, [part]) if parts.has(event, part)]
        if not train or not seen:
            continue
        about = {"model": atlas.record.model, "corpus": atlas.record.corpus, "head": name}
        if reply := reply_of(explanation):
            shown = choose_exemplars(seen, EXEMPLARS, None)
            excerpts = [excerpt(event, largest_activation(seen)) for event in shown]
            asked = explain_messages(excerpts, Evidence(), "marked", 0, 0)
            yield "explainer", part, _example(asked, reply, about, shown)
        largest = largest_activation(train)
        random = [event for event in seen if event.kind == "random"][:PASSAGES]
        rng = np.random.default_rng([layer, head])
        for event in random:
            asked, levels = levels_chat(explanation, event, largest, rng)
            yield "simulator", part, _example(asked, levels, about, [event])


def reply_of(explanation: Explanation) -> str | None:
    """The reply that an explainer should give; None if what is said fits in none.

    It has no test texts: those of a program are of validation documents.
    """
    behaviours = explanation.behaviours[:MAX_BEHAVIOURS]
    told = "; ".join(
        f"attends to {b.attends_to}" + (f", when {b.active_when}" if b.active_when else "")
        for b in behaviours
    )
    try:
        reply = ExplanationReply(
            summary=told[:1].upper() + told[1:],
            behaviours=[
                BehaviourReply(
                    name=b.family,
                    attends_to=b.attends_to,
                    active_when=b.active_when,
                    purpose=b.purpose,
                )
                for b in behaviours
            ],
            confidence=round(explanation.confidence or 0.5, 2),
            positive_texts=[],
            negative_texts=[],
        )
    except ValidationError:
        return None
    return reply.model_dump_json(indent=2)


def _example(
    asked: Sequence[Message], reply: str, about: Mapping[str, str], shown: Sequence[Event]
) -> dict[str, Any]:
    """A line: the chat, and what it is about."""
    documents = sorted({event.document for event in shown})
    messages = [*asked, {"role": "assistant", "content": reply}]
    return {"messages": messages, **about, "documents": documents}


def _heads(path: Path) -> Iterator[tuple[int, int, pa.Table]]:
    """The events of each head, which stand together."""
    waiting: list[pa.RecordBatch] = []
    at: tuple[int, int] | None = None
    for batch in read_chunks(path, EVENTS, EVENTS.names, _CHUNK):
        keys = list(zip(batch["layer"].to_pylist(), batch["head"].to_pylist(), strict=True))
        ends = [n for n in range(1, len(keys)) if keys[n] != keys[n - 1]]
        for start, end in zip([0, *ends], [*ends, len(keys)], strict=True):
            if at is not None and keys[start] != at:
                yield *at, pa.Table.from_batches(waiting)
                waiting = []
            at = keys[start]
            waiting.append(batch.slice(start, end - start))
    if at is not None:
        yield *at, pa.Table.from_batches(waiting)


def _digest(pieces: Sequence[str]) -> bytes:
    return hashlib.blake2b("".join(pieces).encode("utf-8", "replace"), digest_size=16).digest()
