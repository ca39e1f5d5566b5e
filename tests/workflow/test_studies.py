"""Of which heads the variants of a study are, and what is explained once for all of them."""

import copy
from pathlib import Path
from typing import Any

from workplace import Workplace

from .conftest import copied

TINY, SECOND = 6, 3  # heads that are selected of the two models


def study(workplace: Workplace, **entry: Any) -> dict[str, Any]:
    """The workplace's configuration with one study."""
    configuration = copy.deepcopy(workplace.configuration)
    return configuration | {"studies": {"s": entry}}


def test_a_study_of_as_many_heads_as_there_are_has_the_runs_own_files(fresh: Workplace) -> None:
    every = study(fresh, heads=TINY, vary={"explainer.texts": [3]})
    said = fresh.run("--dry-run", "results/studies/s/index.html", configuration=every)
    assert "tiny, words, symbolic: explaining L01H02" in said
    assert "tiny, words, symbolic~texts=3: explaining L01H02" in said
    assert "~heads=" not in said


def test_heads_are_drawn_of_those_models_alone_that_have_more(
    fresh: Workplace, tmp_path: Path
) -> None:
    """The model with fewer is studied by its run's own files, and is not explained to draw them."""
    workplace = copied(fresh, tmp_path / "run")
    both = study(workplace, of={"explainer": "terse"}, heads=4, vary={"model": ["tiny", "second"]})
    both["explainers"]["terse"] = {"kind": "symbolic", "max_behaviours": 1}
    table = workplace.folder / "results/studies/s/heads.csv"
    table.parent.mkdir(parents=True)
    rows = [f"tiny,{layer},{head}," for layer, head in [(0, 0), (0, 2), (1, 1), (1, 2)]]
    rows += [f"second,{layer},{head}," for layer, head in [(0, 3), (2, 0), (2, 1)]]
    table.write_text("\n".join(["model,layer,head,family", *rows, ""]))
    page, run = "results/studies/s/index.html", "results/tiny/words/terse/round0/controls.parquet"
    jobs = workplace.jobs(page, configuration=both)
    assert jobs["explain_head"] == TINY + 4 + SECOND  # all of tiny by symbolic, for its families
    jobs = workplace.jobs(page, run, configuration=both)
    assert jobs["explain_head"] == TINY + 4 + SECOND + TINY  # that run of tiny is of all heads
