"""The same head in the other atlases of a sweep."""

import json
import re
from pathlib import Path

import pytest
from finished_run import two_explainers
from reporting_factory import ATTACK, EVERY_HEAD, RUN

from headatlas.reporting.other_runs import other_runs


@pytest.fixture(scope="module")
def atlases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return two_explainers(tmp_path_factory.mktemp("other") / "results")


def test_what_differs_is_named() -> None:
    found = other_runs(RUN, ["hostile/terse", "more/symbolic", "more/terse"])
    assert [one.words for one in found] == ["by terse", "on more", "by terse on more"]
    assert found[1].folder == "../../../../../more/symbolic/atlas/hdbscan"
    assert other_runs(RUN, []) == []


def test_pages_lead_to_each_other(atlases: list[Path]) -> None:
    for own, other in (atlases, reversed(atlases)):
        page = own / "heads/L00H01.html"
        text = page.read_text()
        assert "script-src 'sha256-" in text and "'strict-dynamic'" in text
        places = re.findall(r'data-titles="([^"]+)"', text)
        found = [file for p in places if (file := (page.parent / p).resolve()).is_file()]
        assert len(places) == 3 and found == [(other / "titles.js").resolve()]
        (link,) = [h for h in re.findall(r'href="([^"]+)"', text) if f"/{other.parts[-3]}/" in h
                   and "absent" not in h]  # fmt: skip
        assert (page.parent / link).resolve() == (other / "heads/L00H01.html").resolve()


def test_titles_are_those_of_the_other_and_say_whether_they_count(atlases: list[Path]) -> None:
    own, other = atlases
    script = (other / "titles.js").read_text("ascii")
    name, titles = map(json.loads, re.fullmatch(r"globalThis\[(.*?)\] = (.*);\n", script).groups())  # type: ignore[union-attr]
    assert (
        f'data-run="{name.removeprefix("headAtlasTitles ")}"'
        in (own / "heads/L00H01.html").read_text()
    )
    assert list(titles) == EVERY_HEAD
    shown = ATTACK.replace("\n\x00 \u202e", "⏎␀ U+202E")
    assert titles["L00H01"] == f"{shown} (unexplained)"  # not above its control
    assert titles["L01H01"] == shown and titles["L00H02"] == "Failed"


def test_nothing_is_hidden_in_the_page_of_a_run_alone(atlases: list[Path]) -> None:
    text = (atlases[0] / "heads/L00H00.html").read_text()
    assert re.search(r'<div class="note" id="other-runs" hidden>', text)
    assert len(re.findall(r"<li data-run=[^>]* hidden>", text)) == 3, "shown once titles are there"
