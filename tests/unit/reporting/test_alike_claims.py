"""How many heads of a group write the same, and which the opposite, on a hand-made run."""

from pathlib import Path

from claims_factory import claim, head
from places import TEMPLATES
from reporting_factory import EVERY_HEAD, RECIPE, RUN, write_run

from headatlas.records.write_claims import RunClaims
from headatlas.reporting.alike_claims import told
from headatlas.reporting.atlas import build
from headatlas.reporting.claims import Claims, read_claims
from headatlas.storage import write_record

# Of the invented model, L00H00 and L01H00 are a cluster; L00H01 and L01H01 are in none, but of a
# family.
RAISES, LOWERS = claim("raises", "attended", 2.0), claim("lowers", "attended", 2.0)
FALSE = claim("lowers", "current", 0.125)


def claims(folder: Path) -> tuple[Path, Claims]:
    own = {"L00H00": [RAISES, FALSE], "L01H00": [LOWERS], "L00H01": [RAISES], "L01H01": [RAISES]}
    heads = [head(name, *own.get(name, [])) for name in EVERY_HEAD[:5]]
    path = folder / "claims.json"
    write_record(path, RunClaims(model="toy", corpus="hostile", reasons={}, heads=heads))
    return path, read_claims(path, None, "toy")


def test_the_claims_that_hold_are_counted_over_a_group(tmp_path: Path) -> None:
    _, found = claims(tmp_path)
    assert told(found, ["L00H00", "L00H01", "L01H00"]) == (
        "raises the token it attends to: 2 of 3; lowers the token it attends to: 1 of 3"
    )
    assert told(found, ["L00H02"]) == "no clear effect on the next token: 1 of 1"
    assert told(found, ["L01H02"]) == told(None, EVERY_HEAD) == "", "nothing is known of it"


def test_pages_name_those_of_a_kind_that_write_the_same_and_the_opposite(tmp_path: Path) -> None:
    path, _ = claims(tmp_path)
    out = tmp_path / "atlas"
    inputs = write_run(tmp_path / "run")._replace(claims=path)
    build(RUN, inputs, RECIPE, out, templates=TEMPLATES, exemplars=1)
    first, second, lonely = (
        (out / f"heads/{name}.html").read_text() for name in ("L00H00", "L00H01", "L00H02")
    )
    assert 'grouped with it does the opposite: <a href="L01H00.html">L01H00</a>.' in first
    same = 'raises the token it attends to too: <a href="L01H01.html">L01H01</a>.'
    assert same in second and same not in first
    assert "grouped with it" not in lonely
    both = "raises the token it attends to: 1 of 2; lowers the token it attends to: 1 of 2"
    index, report = ((out / name).read_text() for name in ("index.html", "report.md"))
    assert f"<td>{both}</td>" in index or f"<td>{turned(both)}</td>" in index
    assert index.count("What they write: ") == 2, "in the clusters by words and by weights"
    assert both in report or turned(both) in report


def turned(text: str) -> str:
    return "; ".join(reversed(text.split("; ")))
