"""What explainers state that heads write, held against what text says."""

from pathlib import Path

import polars as pl
from claims_factory import claim, head
from places import TEMPLATES
from reporting_factory import EVERY_HEAD, RECIPE, RUN, explanation, untrained, write_run

from headatlas.names import parse_head
from headatlas.records.atlas import PublishedExplanation
from headatlas.records.explanation import Explanation, StatedClaim
from headatlas.records.write_claims import RunClaims
from headatlas.reporting.atlas import build
from headatlas.reporting.stated import Stated, counts, stated
from headatlas.storage import read_records, write_record

FIRST, SECOND = EVERY_HEAD[:2]
HELD, FALSE = claim("raises", "attended", 2.0), claim("lowers", "current", 0.125)
KNOWN = head(FIRST, HELD).model_copy(update={"others": [FALSE]})


def says(name: str, words: str, *claims: tuple[str, str]) -> Explanation:
    pairs = [StatedClaim.model_validate({"effect": e, "object": o}) for e, o in claims]
    update = {"writing": words, "write_claims": pairs}
    return explanation(*parse_head(name)).model_copy(update=update)


def test_a_claim_is_held_against_the_same_tests_as_any_other() -> None:
    found = stated(says(FIRST, "copies", ("raises", "attended")), KNOWN)
    assert found == Stated("copies", [HELD]) and found.held
    assert found.sentence == "By its explainer, the head copies: holds on test text."
    found = stated(says(FIRST, "copies.", ("lowers", "current")), KNOWN)
    assert found and found.verdict == "does not hold on test text" and not found.held
    found = stated(says(FIRST, "", ("lowers", "current"), ("raises", "attended")), KNOWN)
    assert found and found.verdict == "1 of its 2 claims holds on test text" and not found.held


def test_what_cannot_be_tested_is_kept_as_words() -> None:
    words = stated(says(FIRST, "completes names"), KNOWN)
    assert words and words.sentence == "By its explainer, the head completes names: not tested."
    assert stated(says(FIRST, "copies", ("raises", "attended")), None) == Stated("copies", [])
    assert stated(explanation(0, 0), KNOWN) is None
    found = [words, None, Stated("", [HELD]), Stated("", [HELD, FALSE])]
    assert counts(found) == (3, 2, 1)


def test_pages_tables_and_explanations_say_it(tmp_path: Path) -> None:
    inputs = write_run(tmp_path / "run")
    said = {FIRST: says(FIRST, "<copies> \u202e", ("raises", "attended"), ("lowers", "current"))}
    said[SECOND] = says(SECOND, "completes names")
    for name, record in said.items():
        write_record(inputs.explanations / f"{name}.json", record)
    twin = inputs.random_round / f"explanations/{FIRST}.json"
    write_record(twin, untrained(says(FIRST, "copies", ("raises", "attended"))))
    for name, heads in (("own", [KNOWN, head(SECOND)]), ("twin", [KNOWN])):
        record = RunClaims(model="toy", corpus="hostile", reasons={}, heads=heads)
        write_record(tmp_path / f"{name}.json", record)
    claims = {"claims": tmp_path / "own.json", "random_claims": tmp_path / "twin.json"}
    out = tmp_path / "atlas"
    build(RUN, inputs._replace(**claims), RECIPE, out, templates=TEMPLATES, exemplars=1)

    page, other = ((out / f"heads/{name}.html").read_text() for name in (FIRST, SECOND))
    assert "<p>As its explainer states it: <bdi>" in page
    assert "the head &lt;copies&gt; U+202E: 1 of its 2 claims holds on test text." in page
    assert "raises the token it attends to, as its explainer states</th>" in page
    assert "lowers the current token (does not hold), as its explainer states</th>" in page
    assert "the head completes names: not tested." in other
    assert "No clear effect on the next token" in other
    report = (out / "report.md").read_text()
    assert "The explainer states what 2 heads write; of 1 that can be tested, of 0 all" in report
    assert "With random weights these are 1, 1 and 1." in report
    rows = pl.read_csv(out / "write_claims.csv").select("effect", "chosen", "stated", "holds")
    assert rows.rows() == [("raises", True, True, True), ("lowers", False, True, False)]
    summary = pl.read_csv(out / "summary.csv")["stated"].to_list()
    assert summary[1] == "By its explainer, the head completes names: not tested."
    assert summary[2] is None
    first, *_ = read_records(out / "explanations.jsonl", PublishedExplanation)
    assert first.stated.endswith("1 of its 2 claims holds on test text.")
