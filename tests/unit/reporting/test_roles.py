"""The section on heads with published roles, in the index, in the report and on their pages.

It is compared with the files in `tests/golden/`. After a wanted change, look at the pages, then
write them anew with `UPDATE_GOLDEN=1 pytest tests/unit/reporting/test_roles.py`.
"""

import re
from pathlib import Path

import pytest
from golden_files import expect_golden
from places import ROOT
from reporting_factory import RECIPE, RUN, known_roles, write_run

from headatlas import storage
from headatlas.reporting.atlas import build
from headatlas.reporting.heads import AtlasError

TEMPLATES = ROOT / "workflow" / "templates"
SECTIONS = {
    "index.html": r'<section aria-labelledby="roles-title">.*?</section>\n',
    "report.md": r"## Heads with published roles\n.*?(?=## )",
    "heads/L00H00.html": r'<section aria-labelledby="published">.*?</section>\n',
}


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of a run that leaves L01H01 out."""
    folder = tmp_path_factory.mktemp("roles")
    inputs = write_run(folder, ["L00H00", "L00H01", "L00H02", "L01H00", "L01H02"])
    storage.write_record(inputs.known_roles, known_roles())
    build(RUN, inputs, RECIPE, folder / "atlas", templates=TEMPLATES, exemplars=2)
    return folder / "atlas"


def section(atlas: Path, name: str) -> str:
    (found,) = re.findall(SECTIONS[name], (atlas / name).read_text(), re.S)
    return found


@pytest.mark.parametrize("name", SECTIONS)
def test_golden(atlas: Path, name: str) -> None:
    expect_golden(f"atlas_roles_{Path(name).name}", section(atlas, name))


def test_heads_of_the_run_are_linked_and_no_others(atlas: Path) -> None:
    text = section(atlas, "index.html")
    assert re.findall(r'href="([^"]+)"', text) == [
        f"heads/{name}.html" for name in ("L00H00", "L00H02", "L00H00", "L00H02")
    ]
    assert "not in this run" in text and "This run leaves heads out" in text


def test_the_page_of_a_head_tells_its_own_roles(atlas: Path) -> None:
    def told(name: str) -> list[str]:
        page = (atlas / f"heads/{name}.html").read_text()
        found = re.findall(SECTIONS["heads/L00H00.html"], page, re.S)
        cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in "".join(found).split("<tr>")]
        return [re.sub("<[^>]*>", "", row[1]) for row in cells if row]

    assert told("L00H00") == ["yes", "not graded"]
    assert told("L00H02") == ["no", "not graded"]
    assert told("L00H01") == []


def test_hostile_words_are_harmless(atlas: Path) -> None:
    report = section(atlas, "report.md")
    for page in (section(atlas, "index.html"), section(atlas, "heads/L00H00.html")):
        assert "<script" not in page and "<b>role" not in page and "\x00" not in page
    assert "<" not in report.replace("&lt;", "")
    rows = [line for line in report.splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert cells == {7, 12}


def test_without_a_table_nothing_is_said(tmp_path: Path) -> None:
    build(RUN, write_run(tmp_path), RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    for name in SECTIONS:
        assert "ublished roles" not in (tmp_path / name).read_text()


def test_roles_of_another_run_are_refused(tmp_path: Path) -> None:
    other = known_roles().model_copy(update={"corpus": "another"})
    inputs = write_run(tmp_path)
    storage.write_record(inputs.known_roles, other)
    with pytest.raises(AtlasError, match="known roles: corpus is 'another', this atlas is of"):
        build(RUN, inputs, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
