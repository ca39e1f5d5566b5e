"""The page of a head to whose program a language model proposed, and what that cost."""

import subprocess
import sys
from pathlib import Path

import pytest
import reporting_factory as factory
from places import SCRIPTS, TEMPLATES
from reporting_factory import ATTACK, EVERY_HEAD, RECIPE, RUN, write_run

from headatlas.comparison.cost import cost_rows
from headatlas.records.explanation import Candidate
from headatlas.records.spending import USAGE
from headatlas.records.usage import Usage
from headatlas.reporting.atlas import build
from headatlas.storage import read_table, write_record

SPENT = Usage(calls=2, retries=0, input_tokens=5000, output_tokens=70, dollars=0.25, seconds=2.0)


def candidate(number: int, score: float | None, reason: str | None) -> Candidate:
    return Candidate(
        round=0,
        number=number,
        summary=f"Attends to {ATTACK}",
        behaviours=[],
        score=score,
        reason=reason,
    )


def nothing(number: int, reason: str) -> Candidate:
    return candidate(number, None, reason).model_copy(update={"summary": ""})


WITH_SOME = [candidate(0, 0.25, None), candidate(1, None, f"invalid: {ATTACK}")]
PROPOSED = {
    "L00H00": WITH_SOME,
    "L00H01": [candidate(0, None, "found without it"), nothing(1, "the budget is spent")],
    "L00H02": [nothing(0, "the budget is spent"), nothing(1, "no <b>JSON</b>")],
    "L01H00": [nothing(0, "the budget is spent"), nothing(1, "no <b>JSON</b>")],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of a run to whose search a language model proposed."""
    tmp_path = tmp_path_factory.mktemp("proposals")
    folder = tmp_path / "run"
    inputs = write_run(folder)
    for name in EVERY_HEAD:
        found = factory.explanation(int(name[1:3]), int(name[4:]))
        told = {"candidates": PROPOSED.get(name, WITH_SOME), "usage": SPENT}
        write_record(folder / f"explanations/{name}.json", found.model_copy(update=told))
    command = [sys.executable, str(SCRIPTS / "count_usage.py"), "--no-judged", "--heads"]
    command += [*EVERY_HEAD, "--rounds", str(folder), "--out", str(tmp_path / "usage.parquet")]
    subprocess.run(command, check=True)
    asked = inputs._replace(usage=tmp_path / "usage.parquet")
    build(RUN, asked, RECIPE, tmp_path / "atlas", templates=TEMPLATES, exemplars=1)
    return tmp_path / "atlas"


def section(run: Path, name: str) -> str:
    page = (run / f"heads/{name}.html").read_text()
    assert "<script>alert" not in page
    found = page[page.index('id="candidates"') :]
    return found[: found.index("</section>")]


def test_the_page_tells_what_was_proposed_and_what_was_kept(run: Path) -> None:
    told = section(run, "L00H00")
    assert "What a language model proposed to the search for a program of this head" in told
    assert "2 replies (0 attempts were repeated), 5,000 tokens in and 70 out: $0.25." in told
    kept, refused = told.split("<tr>")[2:]
    assert '<td class="number">0.25</td>' in kept and ">kept</span>" in kept
    assert "invalid: " in refused and ">kept</span>" not in refused


@pytest.mark.parametrize("name", EVERY_HEAD)
def test_no_page_tells_of_a_judge_that_there_was_not(run: Path, name: str) -> None:
    told = section(run, name)
    assert "judge" not in told and "A proposal is kept if" in told


def test_the_page_tells_why_nothing_was_proposed(run: Path) -> None:
    assert factory.explanation(0, 2).program is None
    told = section(run, "L00H02")
    assert ">kept</span>" not in told
    assert "nothing proposed: <bdi>the budget is spent</bdi>" in told
    assert "nothing proposed: <bdi>no &lt;b&gt;JSON&lt;/b&gt;</bdi>" in told


def test_the_report_counts_it(run: Path) -> None:
    report = (run / "report.md").read_text()
    told = report[report.index("## What was proposed") : report.index("## Families")]
    assert "proposed 7 features" in told  # of six heads, three of them with WITH_SOME
    assert "3 of them are kept, in the programs of 3 of 6 heads" in told
    assert "of the others 3: invalid; 1: found without it." in told
    assert "Nothing was proposed for 2 heads: the budget is spent; no &lt;b&gt;JSON" in told
    assert "Not all replies held proposals for 1 head: the budget is spent" in told


def test_the_replies_are_counted_as_proposals(run: Path) -> None:
    rows = read_table(run.parent / "usage.parquet", USAGE).to_pylist()
    assert {row["step"] for row in rows} == {"propose"} and len(rows) == len(EVERY_HEAD)
    costs = cost_rows([], {"toy": len(EVERY_HEAD)}, rows)
    assert [(row["rule"], row["calls"]) for row in costs] == [("propose_head", 12)]
