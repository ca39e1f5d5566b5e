"""The page of a head to whose program a language model proposed, and what that cost."""

import subprocess
import sys
from pathlib import Path

import reporting_factory as factory
from places import SCRIPTS, TEMPLATES
from reporting_factory import ATTACK, EVERY_HEAD, RECIPE, RUN, write_run

from headatlas.records.explanation import Candidate
from headatlas.records.usage import Usage
from headatlas.reporting.atlas import build
from headatlas.storage import write_record

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


def test_the_page_tells_what_was_proposed_and_what_was_kept(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    inputs = write_run(folder)
    proposed = [candidate(0, 0.25, None), candidate(1, None, f"invalid: {ATTACK}")]
    for name in EVERY_HEAD:
        found = factory.explanation(int(name[1:3]), int(name[4:]))
        told = {"candidates": proposed, "usage": SPENT}
        write_record(folder / f"explanations/{name}.json", found.model_copy(update=told))
    command = [sys.executable, str(SCRIPTS / "count_usage.py"), "--no-judged", "--heads"]
    command += [*EVERY_HEAD, "--rounds", str(folder), "--out", str(tmp_path / "usage.parquet")]
    subprocess.run(command, check=True)
    asked = inputs._replace(usage=tmp_path / "usage.parquet")
    build(RUN, asked, RECIPE, tmp_path / "atlas", templates=TEMPLATES, exemplars=1)
    page = (tmp_path / "atlas/heads/L00H00.html").read_text()
    section = page[page.index('id="candidates"') :]
    section = section[: section.index("</section>")]
    assert "What a language model proposed to the search for this program" in section
    assert "2 replies (0 attempts were repeated), 5,000 tokens in and 70 out: $0.25." in section
    kept, refused = section.split("<tr>")[2:]
    assert '<td class="number">0.25</td>' in kept and ">kept</span>" in kept
    assert "invalid: " in refused and ">kept</span>" not in refused
    assert "<script>alert" not in page
