"""A finished atlas in Python: tables, one head, search, and one sentence where it is not there."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from finished_run import finished_run
from places import SCRIPTS
from reporting_factory import ATTACK, EVERY_HEAD, explanation

import headatlas
from headatlas.errors import InputError
from headatlas.reading import vectors
from headatlas.reading.atlas import Atlas, chosen_atlases, find_heads, open_atlas, open_atlases
from headatlas.reading.search import COLUMNS

RUN = "toy/hostile/symbolic/hdbscan"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reading") / "results"
    finished_run(folder)
    return folder


@pytest.fixture(scope="module")
def atlas(results: Path) -> Atlas:
    return open_atlas(results)


@pytest.mark.parametrize("below", ["", "toy", "toy/hostile", "toy/hostile/symbolic",
                                   "toy/hostile/symbolic/atlas",
                                   "toy/hostile/symbolic/atlas/hdbscan"])  # fmt: skip
def test_a_run_is_opened_from_wherever_it_is_the_only_one(results: Path, below: str) -> None:
    found = headatlas.open_atlas(str(results / below))
    assert found.run == RUN and repr(found) == f"<atlas of {RUN}, 6 heads>"
    assert [a.run for a in headatlas.open_atlases(results / below)] == [RUN]


def test_the_library_is_light_until_something_is_opened(results: Path) -> None:
    """... and an atlas is read without torch."""
    code = (
        "import sys, headatlas\n"
        "before = {'polars', 'pyarrow', 'pydantic', 'torch'} & {*sys.modules}\n"
        f"headatlas.open_atlas({str(results)!r}).find('family').height\n"
        "print(sorted(before), 'torch' in sys.modules, 'transformers' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] False False\n"


def test_tables(atlas: Atlas) -> None:
    assert atlas.heads["name"].to_list() == EVERY_HEAD
    assert atlas.heads.schema["attention_gain"] == pl.Float64
    assert atlas.scores.height == 6 * 7 and atlas.scores["value"].null_count() == 2 * 7
    assert atlas.verdicts["status"].to_list()[:3] == ["unexplained", "unexplained", "failed"]
    told = atlas.explanations
    assert told["name"].to_list() == ["L00H00", "L00H01", "L01H00", "L01H01"]
    assert told.row(0, named=True)["attends_to"] == ATTACK and told["odds"].to_list() == [12.5] * 4
    assert atlas.families.select("of", "medoid", "heads").rows() == [
        ("words", "L00H00", ["L00H00", "L01H00"]),
        ("weights", "L00H00", ["L00H00", "L01H00"]),
    ]
    assert atlas.claims.select("name", "effect", "holds").rows() == [
        ("L00H00", "raises", True),
        ("L00H00", "lowers", False),
    ]
    assert atlas.head("L00H00").writes == (
        "Where it is most active, it raises the token it attends to."
    )


def test_what_was_not_measured_is_told_in_a_sentence(atlas: Atlas) -> None:
    with pytest.raises(InputError, match=r"effects\.csv: not there: this run measured no such"):
        _ = atlas.effects
    with pytest.raises(InputError, match=r"toy/model\.json: No such file"):
        _ = atlas.model_info


def test_a_head_is_named_or_numbered(atlas: Atlas) -> None:
    assert atlas.head("L01H01") == atlas.head(1, 1)
    assert atlas.head(1, 1).model_dump().items() >= explanation(1, 1).model_dump().items()
    assert atlas.page("L01H01").is_file()


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (("L07H00",), "L07H00: not in the atlas of toy.*which has L00H00 to L01H02"),
        ((0, 9), "L00H09: not in the atlas"),
        (("7.3",), "'7.3' is not the name of a head; the atlas of .* has L00H00 to"),
    ],
)
def test_another_head_is_refused(atlas: Atlas, head: tuple[int, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        atlas.head(*head)


def test_heads_are_found_by_words_names_tokens_and_claims(atlas: Atlas) -> None:
    found = atlas.find("L01H01")
    assert found.columns == list(COLUMNS)
    assert found.row(0, named=True) | {"score": 0} == {
        "run": RUN, "head": "L01H01", "title": ATTACK, "score": 0,
        "page": str(atlas.page("L01H01")),
    }  # fmt: skip
    assert atlas.find("raises")["head"].to_list() == ["L00H00"]
    assert atlas.find("lowers")["head"].to_list() == []  # the claim does not hold
    assert set(atlas.find("alerts")["head"]) == {"L00H00", "L00H01", "L01H00", "L01H01"}
    assert atlas.find("zebra").is_empty() and atlas.find("zebra").columns == list(COLUMNS)
    assert atlas.find("family", limit=2).height == 2


def test_two_runs_are_ranked_together(atlas: Atlas) -> None:
    both = find_heads([atlas, atlas], "family")
    assert both["score"].to_list() == sorted(both["score"], reverse=True)
    assert both["head"].to_list().count("L00H00") == 2


def test_what_a_search_by_meaning_embeds_is_kept_beside_the_atlas(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """... until the explanations are others, or the file is damaged."""
    folder = shutil.copytree(open_atlas(results).folder, tmp_path / "atlas")
    asked: list[int] = []

    def embed(texts: Sequence[str], encoder: str) -> np.ndarray:
        asked.append(len(texts))
        return np.array([[len(text), 1.0] for text in texts]) / 1000

    monkeypatch.setattr(vectors, "embed", embed)
    first = open_atlas(folder).find("negation", by="meaning")
    assert open_atlas(folder).find("negation", by="meaning").equals(first)
    both = find_heads([open_atlas(folder), open_atlas(folder)], "negation", by="meaning")
    told = ["L00H00", "L00H01", "L01H00", "L01H01"]
    assert sorted(first["head"]) == told and sorted(both["head"]) == sorted([*told, *told])
    (folder / vectors.KEPT).write_bytes(b"PK")
    assert open_atlas(folder).find("negation", by="meaning").equals(first)
    lines = (folder / "explanations.jsonl").read_text()
    (folder / "explanations.jsonl").write_text(lines.replace("family</b> 0", "other</b> 0"))
    open_atlas(folder).find("negation", by="meaning")
    whole = asked[0]
    assert whole > 2 and asked == [whole, 1, 1, whole, whole]
    (folder / vectors.KEPT).unlink()
    (folder / vectors.KEPT).mkdir()  # where nothing can be kept
    assert open_atlas(folder).find("negation", by="meaning").height == 4


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        ("  ", {}, "words to search for: none given"),
        ("x", {"by": "smell"}, "by: 'smell', allowed: text, meaning"),
        ("x", {"limit": 0}, "limit: 0, allowed: 1 or more"),
    ],
)
def test_a_search_for_nothing_is_refused(
    atlas: Atlas, words: str, more: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        headatlas.open_atlas(atlas.folder).find(words, **more)


def test_where_no_run_is_finished_that_is_said(results: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder; allowed: the folder of an atlas"):
        open_atlas(tmp_path / "nowhere")
    being_made = tmp_path / "toy/c/e/atlas/.k.tmp12/run.json"
    being_made.parent.mkdir(parents=True)
    being_made.write_text("{}")
    with pytest.raises(InputError, match="no finished atlas in it"):
        open_atlas(tmp_path)
    with pytest.raises(InputError, match=f"run dem: no finished run in .* there are {RUN}"):
        chosen_atlases(results, "dem")


def test_of_several_runs_one_has_to_be_chosen(results: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "toy/hostile" / name / "atlas").mkdir(parents=True)
        place = tmp_path / "toy/hostile" / name / "atlas/hdbscan"
        place.symlink_to(results / "toy/hostile/symbolic/atlas/hdbscan")
    with pytest.raises(InputError, match=r"2 atlases are in it; open one of them: .*/a/atlas"):
        open_atlas(tmp_path)
    assert len(open_atlases(tmp_path)) == 2


def find(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "tools/find_heads.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_script_prints_a_row_for_each_head(results: Path) -> None:
    done = find("raises", "--results", results)
    head, row = done.stdout.splitlines()
    assert head == "run\thead\tscore\ttitle\tpage"
    run, name, score, title, page = row.split("\t")
    assert (run, name) == (RUN, "L00H00") and float(score) > 0 and Path(page).is_file()
    assert title.startswith("=cmd() </script>") and "\x00" not in title


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x", "--results", "/nowhere"], "error: /nowhere: no such folder; allowed"),
        ([" ", "--results", "RESULTS"], "error: words to search for: none given"),
        (["x", "--results", "RESULTS", "--run", "gpt"], "error: run gpt: no finished run in"),
    ],
)
def test_the_script_ends_with_one_sentence(results: Path, words: list[str], said: str) -> None:
    done = find(*(str(results) if word == "RESULTS" else word for word in words))
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(said) and done.stderr.count("\n") == 1
