"""A language model that is shown what heads add to the logits, and says what they write."""

import subprocess
from pathlib import Path
from typing import Any

import polars as pl
from explain_factory import reply
from llm_server import LlmServer
from workplace import Workplace

from headatlas.records.atlas import PublishedExplanation
from headatlas.records.base import head_name
from headatlas.records.write_claims import RunClaims
from headatlas.records.write_evidence import WRITE_EVIDENCE
from headatlas.storage import read_record, read_records, read_table

HEADS = ["L00H00", "L00H01", "L00H02"]
SAID = {"writes": "raises the token that it attends to", "claims": ["raises attended"]}


def brain(body: dict[str, Any]) -> str:
    """Explains with a claim where that is asked for, and judges."""
    if "response_format" not in body:
        return "yes"
    assert "adds to the logits" in body["messages"][-1]["content"]
    return reply(**SAID)


def test_what_it_claims_is_tested_as_all_claims_are(finished: Workplace, tmp_path: Path) -> None:
    subprocess.run(["cp", "-a", str(finished.folder), str(tmp_path / "run")], check=True)
    workplace = Workplace(tmp_path / "run")
    with LlmServer(brain) as server:
        config = workplace.changed("models", "tiny", "heads", to=HEADS)
        config["sweep"]["explainers"] = ["llm"]
        config["endpoints"] = {"one": {"model": "one", "base_url": server.base_url}}
        asks = {"kind": "llm", "endpoint": "one", "judge": "one", "writing": True}
        asks |= {"candidates": 1, "rounds": 0, "exemplars": 2, "few_shot": 1, "texts": 2}
        config["explainers"]["llm"] = asks
        config["scoring"] |= {"random_heads": 0, "items": 2}
        together = ["--set-threads", "explain_head_llm=0", "judge_head_llm=0"]
        workplace.run(*together, configuration=config)
        assert workplace.jobs(configuration=config) == {}

    run = workplace.folder / "results/tiny/words"
    evidence = read_table(run / "write_evidence.parquet", WRITE_EVIDENCE).to_pylist()
    assert {head_name(row["layer"], row["head"]) for row in evidence} == {*HEADS}
    claims = read_record(run / "write_claims.json", RunClaims)
    tested = {
        head_name(head.layer, head.head): claim
        for head in claims.heads
        for claim in (*head.claims, *head.others)
        if (claim.effect, claim.object) == ("raises", "attended")
    }
    atlas = run / "llm/atlas/minilm"
    for found in read_records(atlas / "explanations.jsonl", PublishedExplanation):
        claim = tested[head_name(found.layer, found.head)]
        assert found.writing == SAID["writes"]
        kind = "holds" if claim.holds else "does not hold"
        verdict = "not tested" if claim.test.value is None else f"{kind} on test text"
        assert found.stated.endswith(f"{verdict}.")
    rows = pl.read_csv(atlas / "write_claims.csv").filter(pl.col("stated"))
    assert rows["name"].to_list() == [n for n in HEADS if tested[n].test.value is not None]
    assert rows["holds"].to_list() == [tested[n].holds for n in rows["name"]]
