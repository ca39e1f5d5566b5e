"""The command line flags that scripts about one head and a language model share."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeVar

import pyarrow as pa
from pydantic import TypeAdapter

from ...controls import Head
from ...errors import InputError
from ...event_rows import texts_of
from ...llm.client import Client
from ...records.base import head_name
from ...records.explanation import Explanation
from ...records.head import HeadRecord
from ...records.stats import STATS
from ...settings.arguments import add_settings, json_reader
from ...settings.endpoint import Connection, Sampling
from ...settings.language_model import LanguageModel
from ...settings.seed import Seed
from ...storage import read_head, read_record
from .explain import Settings
from .prompts import Evidence, Metric
from .writing import read_additions

C = TypeVar("C", bound=Client)


def add_run(parser: ArgumentParser) -> None:
    """Which run it is."""
    for name in ("model", "corpus", "explainer"):
        parser.add_argument(f"--{name}", required=True, help=f"name of the {name}")


def add_place(parser: ArgumentParser) -> None:
    """Which head of the run, and in which round."""
    parser.add_argument("--round", type=int, required=True, help="round of refinement, from 0")
    parser.add_argument("--layer", type=int, required=True, help="layer of the head, from 0")
    parser.add_argument("--head", type=int, required=True, help="head within the layer, from 0")


def add_head(parser: ArgumentParser) -> None:
    """Which head of which run, and where what is known of it lies."""
    parser.add_argument("--events", type=Path, required=True, help="events of the head's layer")
    parser.add_argument("--items", type=Path, required=True, help="items of the head's layer")
    parser.add_argument("--stats", type=Path, required=True, help="head metrics of the layer")
    parser.add_argument(
        "--hypothesis", type=Path, help="explanation of the head by rules, shown as evidence (JSON)"
    )
    _add_shown(parser)
    add_run(parser)
    add_place(parser)


def add_heads(parser: ArgumentParser) -> None:
    """Likewise of all heads of a run, and of all that is asked about them."""
    parser.add_argument("--events-folder", type=Path, required=True, help="tables of events")
    parser.add_argument("--items-folder", type=Path, required=True, help="tables of items")
    parser.add_argument("--stats-folder", type=Path, required=True, help="tables of head metrics")
    parser.add_argument(
        "--hypotheses-folder", type=Path, help="explanations by rules, shown as evidence (JSON)"
    )
    _add_shown(parser)
    add_run(parser)
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    add_settings(parser, LanguageModel, "rounds", "controls")


def of_head(args: Namespace, at: Head, number: int) -> Namespace:
    """What `add_head` sets of a head in a round, from what `add_heads` sets of all."""
    layer = f"layer{at[0]:02d}.parquet"
    hypotheses = args.hypotheses_folder
    own = {
        "events": args.events_folder / layer,
        "items": args.items_folder / layer,
        "stats": args.stats_folder / layer,
        "hypothesis": hypotheses / f"{head_name(*at)}.json" if hypotheses else None,
        "round": number,
        "layer": at[0],
        "head": at[1],
    }
    return Namespace(**vars(args) | own)


def head_of(args: Namespace) -> HeadRecord:
    """The head that `add_head` names."""
    return HeadRecord(
        **{name: getattr(args, name) for name in HeadRecord.model_fields if name != "version"}
    )


def add_endpoint(parser: ArgumentParser, prefix: Literal["", "judge-"], task: str) -> None:
    """Which language model does a task."""
    parser.add_argument(
        f"--{prefix}endpoint", required=True, help=f"name of the language model that {task}"
    )
    parser.add_argument(
        f"--{prefix}sampling",
        type=json_reader(f"--{prefix}sampling", Sampling.model_validate_json),
        required=True,
        help="its model and what decides its replies (JSON, keys as under endpoints)",
    )


def add_connections(parser: ArgumentParser) -> None:
    """How language models are reached, and where their replies are kept."""
    parser.add_argument(
        "--connections",
        type=json_reader("--connections", TypeAdapter(dict[str, Connection]).validate_json),
        required=True,
        help="how each language model is reached, by its name (JSON, keys as under endpoints)",
    )
    parser.add_argument("--replies", type=Path, required=True, help="folder of all replies so far")


def add_judge(parser: ArgumentParser, prefix: Literal["", "judge-"]) -> None:
    """Which language model judges, on what, and where its replies are kept."""
    add_endpoint(parser, prefix, "judges")
    add_settings(parser, LanguageModel, "items_per_call")
    add_connections(parser)


def add_further(parser: ArgumentParser) -> None:
    """What a judge is asked in the end, beside what explanations are chosen by."""
    add_settings(parser, LanguageModel, "fuzzing", "simulation")


def add_explainer(parser: ArgumentParser) -> None:
    """Which language model explains, and what its prompts hold."""
    add_endpoint(parser, "", "explains")
    prompts = ("format", "exemplars", "few_shot", "chain_of_thought", "metrics")
    add_settings(parser, LanguageModel, *prompts, "candidates", "texts")


def settings_of(args: Namespace) -> Settings:
    """What the flags set."""
    return Settings(**{name: getattr(args, name) for name in Settings._fields})


def metrics_of(args: Namespace, stats: Path, head: int) -> list[Metric]:
    """The head's metrics that the prompts give, if they do, from the table of its layer."""
    rows = read_head(stats, STATS, head).to_pylist() if args.metrics else []
    return [Metric(**{name: row[name] for name in Metric._fields}) for row in rows]


def evidence_of(args: Namespace, events: pa.Table) -> Evidence:
    """What `--stats`, `--hypothesis` and `--evidence` say of the head. Raises InputError.

    `events` are its own.
    """
    return Evidence(
        metrics_of(args, args.stats, args.head),
        _hypothesis(args),
        read_additions(args.evidence, (args.layer, args.head), texts_of(events, ["train"]))
        if args.evidence
        else (),
        args.chain_of_thought,
    )


def read_of_head(path: Path, about: HeadRecord) -> Explanation:
    """An explanation of the head. Raises InputError if it is of another."""
    found = read_record(path, Explanation)
    if (found.layer, found.head) != (about.layer, about.head):
        names = head_name(found.layer, found.head), head_name(about.layer, about.head)
        raise InputError(f"{path}: is about {names[0]}, but {names[1]} is to be explained")
    return found


def clients_of(
    args: Namespace, environment: Mapping[str, str], kind: Callable[..., C]
) -> tuple[C, C]:
    """Explainer and judge; the same client where they are the same endpoint. Raises InputError."""
    explainer = client_of(args, "", environment, kind)
    if args.endpoint == args.judge_endpoint and args.sampling == args.judge_sampling:
        return explainer, explainer
    return explainer, client_of(args, "judge_", environment, kind)


def client_of(
    args: Namespace,
    role: Literal["", "judge_"],
    environment: Mapping[str, str],
    kind: Callable[..., C],
) -> C:
    """A client, of some kind, of the language model of a role, as `--connections` has it.

    Raises InputError if there is none.
    """
    name = getattr(args, f"{role}endpoint")
    if name not in args.connections:
        known = ", ".join(args.connections) or "none"
        raise InputError(f"--connections: has no endpoint {name!r}; there: {known}")
    sampling = getattr(args, f"{role}sampling")
    return kind(sampling, args.connections[name], replies=args.replies, environment=environment)


def _add_shown(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--evidence", type=Path, help="what heads add to the logits, shown as evidence (Parquet)"
    )
    add_settings(parser, Seed)


def _hypothesis(args: Namespace) -> str | None:
    if args.hypothesis is None:
        return None
    found = read_of_head(args.hypothesis, head_of(args))
    return None if found.status == "failed" else found.summary
