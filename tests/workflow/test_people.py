"""People rate a finished run: its report tells it, and nothing else is made anew."""

from collections import Counter

import pytest
from workplace import Workplace

from headatlas.rating.store import begun
from headatlas.rating.study import Plan, draw_units, read_atlas, study_of

from .conftest import copied

WORDS = "Attends to <b>what</b> Ann says."
RATED = "data/ratings/tiny/words/symbolic.sqlite"


@pytest.fixture(scope="module")
def rated(finished: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Ann gives 4 to a head's own explanation and 1 to others, and writes about each head."""
    workplace = copied(finished, tmp_path_factory.mktemp("rated") / "run")
    atlas = read_atlas(workplace.atlas, None)
    plan = Plan(heads=3, catch=1, repeats=1, windows=1, seed=0)
    path = workplace.folder / RATED
    store = begun(path, study_of(atlas, plan), draw_units(atlas, plan))
    units, rater = store.units(), store.join("Ann")
    for trial in store.trials(rater):
        store.mark(rater, trial.place, None)
        own = units[trial.number].kind == "true"
        store.rate(rater, trial.place, 4 if own else 1, WORDS if own else "")
    store.close()
    return workplace


def test_ratings_rerun_the_report_alone(rated: Workplace) -> None:
    assert rated.jobs() == Counter(evaluate_ratings=1, build_atlas=1)
    rated.run()
    assert rated.jobs() == Counter()
    report = (rated.atlas / "report.md").read_text()
    assert "## What people say" in report
    assert "| Difference, by head | 3.00 " in report
    assert "Ann" not in (rated.atlas / "ratings.csv").read_text()
