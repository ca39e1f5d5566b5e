"""A language model that proposes to the search, on heads that attend to sets drawn at random.

One model proposes the planted sets, whichever head it is asked about; one says what is no feature.
"""

import json
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from llm_server import LlmServer
from workplace import Workplace, small_configuration

from headatlas.corpora.python_docs import python_documents
from headatlas.explainers.llm.text import token_text
from headatlas.records.base import head_name
from headatlas.records.explanation import Explanation
from headatlas.records.proposals import Proposals
from headatlas.storage import read_record
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead
from headatlas.subjects.planted.harder import plant_harder
from headatlas.tokens.pieces import pieces_of
from headatlas.tokens.tokenizer import open_tokenizer

RUN = "results/planted/docs"
USAGE = f"{RUN}/knows/round0/usage.parquet"
ROLES = ("tokens_a", "tokens_b")


def configuration(base_url: str, heads: list[str]) -> dict[str, Any]:
    """Two heads of a planted subject; what is not about their attention is left out."""
    base = small_configuration()
    prices = {"input_price": 1.0, "output_price": 2.0}
    ask = {"kind": "hybrid", "draws": 1, "exemplars": 2}
    return base | {
        "sweep": base["sweep"]
        | {"models": ["planted"], "corpora": ["docs"], "explainers": ["knows"]},
        "models": {
            "planted": {"source": "planted", "n_layers": 2, "n_heads": 8, "context": 256}
            | {"heads": heads}
        },
        "corpora": {
            "docs": {"kind": "python-docs", "windows": 96, "window_tokens": 96, "sampled": 20}
        },
        "endpoints": {
            name: {"model": name, "base_url": base_url} | prices for name in ("knows", "raves")
        },
        "explainers": {
            "symbolic": {"kind": "symbolic"},
            **{name: ask | {"endpoint": name} for name in ("knows", "raves")},
        },
        "scoring": {"bootstrap": 50, "controls": 1, "random_heads": 0, "substitution_windows": 0},
        "effects": {"test_windows": 0},
    }


@pytest.fixture(scope="module")
def asked(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Workplace, LlmServer, dict[str, PlantedHead]]]:
    """Explanations by who knows and by who raves, and without a model."""
    folder = tmp_path_factory.mktemp("hybrid")
    texts = [document.text for document in python_documents(held_out=False)]
    plant_harder(0, "none", texts, folder / "planted")
    key = read_record(folder / "planted" / ANSWER_KEY, AnswerKey)
    roles = {head.role: head for head in key.heads}
    heads = {head_name(h.layer, h.head): h for h in map(roles.__getitem__, ROLES)}
    tokenizer = open_tokenizer(str(folder / "planted"))
    truth = [
        {
            "source": "tokens",
            "source_tokens": [
                token_text(piece) for piece in pieces_of(tokenizer, sorted(ids_of(h)))
            ],
            "trigger": "any",
            "trigger_tokens": [],
        }
        for h in heads.values()
    ]
    nonsense = {"source": "what matters", "trigger": "", "source_tokens": [], "trigger_tokens": []}

    def brain(body: dict[str, Any]) -> str:
        return json.dumps({"proposals": truth if body["model"] == "knows" else [nonsense]})

    workplace, names = Workplace(folder), ("knows", "raves")
    with LlmServer(brain) as server:
        workplace.configuration = configuration(server.base_url, sorted(heads))
        explanations = [
            f"{RUN}/{explainer}/round0/explanations/{name}.json"
            for explainer in ("symbolic", *names)
            for name in heads
        ]
        workplace.run(*explanations, USAGE)
        yield workplace, server, heads


def ids_of(head: PlantedHead) -> set[int]:
    (rule,) = head.rules
    return {int(token) for token in rule.source.removeprefix("tokens(")[:-1].split(", ")}


def explanations(workplace: Workplace, explainer: str) -> dict[str, Explanation]:
    folder = workplace.folder / RUN / explainer / "round0/explanations"
    return {path.stem: read_record(path, Explanation) for path in folder.iterdir()}


def listed(explanation: Explanation) -> set[int]:
    sources = [b.source or "" for b in explanation.behaviours]
    lists = [s.removeprefix("tokens(")[:-1] for s in sources if s.startswith("tokens(")]
    return {int(token) for ids in lists for token in ids.split(", ")}


def test_who_knows_the_sets_lifts_what_is_recovered(
    asked: tuple[Workplace, LlmServer, dict[str, PlantedHead]],
) -> None:
    workplace, _, heads = asked
    alone, helped = (explanations(workplace, name) for name in ("symbolic", "knows"))
    for name, head in heads.items():
        truth = ids_of(head)
        assert len(truth & listed(helped[name])) > len(truth & listed(alone[name])), name
        (accepted,) = [c for c in helped[name].candidates if c.score is not None]
        ids = set(map(int, ids_of_text(accepted.behaviours[0].source)))
        # One that does not occur here may stand for another of the same letters.
        assert len(ids & truth) > 4 * len(ids - truth)
        usage = helped[name].usage
        assert usage is not None and usage.calls == 1 and usage.dollars


def ids_of_text(source: str | None) -> list[str]:
    assert source is not None
    return source.removeprefix("tokens(")[:-1].split(", ")


def test_nonsense_costs_and_changes_nothing_else(
    asked: tuple[Workplace, LlmServer, dict[str, PlantedHead]],
) -> None:
    workplace, _, heads = asked
    alone, misled = (explanations(workplace, name) for name in ("symbolic", "raves"))
    for name in heads:
        told = misled[name]
        assert told.usage is not None and told.usage.calls == 2  # sent back once
        assert [c.reason is not None for c in told.candidates] == [True]
        same = {"candidates": [], "usage": None, "explainer": "symbolic"}
        assert told.model_copy(update=same).model_dump_json() == alone[name].model_dump_json()


def test_it_is_an_explainer_as_any(
    asked: tuple[Workplace, LlmServer, dict[str, PlantedHead]],
) -> None:
    """It is executed and scored as other programs are; what it costs is added up, and estimated."""
    workplace, server, heads = asked
    before = len(server.requests)
    jobs = workplace.jobs()
    assert {name: jobs[name] for name in ("predict_head", "score_head", "build_atlas")} == {
        "predict_head": len(heads),
        "score_head": len(heads),
        "build_atlas": 1,
    }
    assert not jobs.keys() & {"propose_head_llm", "explain_head", "count_usage", "judge_head_llm"}
    proposals = workplace.folder / RUN / "knows/round0/proposals"
    assert {read_record(p, Proposals).language_model for p in proposals.iterdir()} == {"knows"}
    spent = pl.read_parquet(workplace.folder / USAGE)
    assert spent["calls"].to_list() == [1] * len(heads)
    workplace.run(f"{RUN}/knows/estimate.csv")
    estimated = pl.read_csv(workplace.folder / RUN / "knows/estimate.csv")
    assert estimated["calls"].to_list() == [len(heads)] and estimated["dollars"][0] > 0
    assert len(server.requests) == before


def test_a_setting_of_the_search_asks_nobody(
    asked: tuple[Workplace, LlmServer, dict[str, PlantedHead]],
) -> None:
    workplace, _, heads = asked
    for name, value, asks in (("min_gain", 0.3, False), ("exemplars", 3, True)):
        changed = workplace.changed("explainers", "knows", name, to=value)
        jobs = workplace.jobs(USAGE, configuration=changed)
        asking = {"propose_head_llm": len(heads)} if asks else {}
        assert jobs == {"explain_head": len(heads), "count_usage": 1} | asking


def test_no_file_holds_the_text_of_a_test_window(
    asked: tuple[Workplace, LlmServer, dict[str, PlantedHead]],
) -> None:
    """What is asked is of train text alone."""
    workplace, server, _ = asked
    windows = pl.read_parquet(workplace.folder / RUN / "windows.parquet")
    held_out = windows.filter(pl.col("split") == "test")["pieces"].to_list()
    prompts = "".join(r.body["messages"][1]["content"] for r in server.requests)
    assert not any("".join(pieces[20:40]) in prompts for pieces in held_out)
