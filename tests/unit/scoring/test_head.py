"""All scores of a head, and the script that writes them."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from event_rows import write_items
from places import SCRIPTS

from headatlas.errors import InputError
from headatlas.events.items import draw_items
from headatlas.predictions import Prediction, Predictions, write_predictions
from headatlas.records.base import head_name
from headatlas.records.controls import CONTROLS
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.records.probes import PROBES
from headatlas.records.scores import HeadScores, Score
from headatlas.scoring import head_scores
from headatlas.scoring.head_scores import (
    OF_ITEMS,
    OF_LEVELS,
    OF_TEXTS,
    OF_WINDOWS,
    Scored,
    Settings,
    failed,
    score_head,
)
from headatlas.storage import read_record, write_record, write_rows

SCRIPT = SCRIPTS / "score_head.py"
HEADER = {"model": "m", "corpus": "c", "explainer": "e", "round": 0}
LENGTH = 6
ITEMS = 4


def event(window: int, split: str, kind: str = "random", head: int = 1) -> dict:
    """A head that attends to the previous token, the more the later, and writes as much."""
    share = [0.9 - 0.05 * (window % 3) * (query % 2) for query in range(LENGTH)]
    return {
        "layer": 0,
        "head": head,
        "split": split,
        "kind": kind,
        "rank": window,
        "window": window,
        "document": "d",
        "context_kind": "prose",
        "query": 1,
        "peak": 1.0,
        "tokens": [0, *np.random.default_rng(window).integers(1, 4, LENGTH - 1).tolist()],
        "pieces": ["x"] * LENGTH,
        "activation": [9.0] + [query + share[query] for query in range(1, LENGTH)],
        "keys": [key for query in range(LENGTH) for key in (query - 1, -1)],
        "weights": [weight for query in range(LENGTH) for weight in (share[query], 0.0)],
        "value_norm": [1.0] * LENGTH,
    }


def probe(case: int, positive: bool, peak: float, head: int = 1) -> dict:
    return {
        "layer": 0,
        "head": head,
        "case": case,
        "positive": positive,
        "text": "x",
        "pieces": ["x", "y"],
        "activation": [9.0, peak],
        "peak": peak,
        "mean": peak / 2,
    }


EVENT_ROWS = [
    *(event(window, "train") for window in range(3)),
    *(event(window, "validation") for window in range(3, 6)),
    *(event(window, "test") for window in range(6, 10)),
    # These must not be read: another kind, another head.
    event(10, "test", kind="top"),
    event(3, "validation", kind="quantile"),
]
PROBE_ROWS = [
    *(probe(case, True, peak) for case, peak in enumerate([3.0, 4.0, 5.0])),
    *(probe(case + 3, False, peak) for case, peak in enumerate([0.0, 1.0, 2.0])),
]


def explanation(status: str = "explained", reason: str | None = None) -> Explanation:
    return Explanation(
        **HEADER,
        layer=0,
        head=1,
        status=status,
        reason=reason,
        title="t",
        summary="",
        behaviours=[],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


POSITION = np.eye(LENGTH) / 2 + np.eye(1, LENGTH) / 4  # as halves are stored


def predictions(head: int, distance: int, windows: range = range(3, 11)) -> Predictions:
    """Predicts attention `distance` tokens back, and activation that grows by position."""
    activation = (np.arange(LENGTH, dtype=np.float32) / distance).astype(float)  # as stored
    attention = 0.5 * np.eye(LENGTH, k=-distance)
    found = [
        Prediction("validation" if window < 6 else "test", window, activation, attention, POSITION)
        for window in windows
    ]
    return Predictions((0, head), found)


def scores(
    own: Predictions,
    controls: list[Predictions],
    explained: Explanation | None = None,
    rows: list[dict] = EVENT_ROWS,
    layer_controls: Sequence[Predictions] = (),
) -> dict[tuple[str, str], Score]:
    found = scored(own, controls, explained, rows, layer_controls).scores
    return {(score.split, score.metric): score for score in found}


def scored(
    own: Predictions,
    controls: list[Predictions],
    explained: Explanation | None = None,
    rows: list[dict] = EVENT_ROWS,
    layer_controls: Sequence[Predictions] = (),
    items: int = ITEMS,
) -> Scored:
    return score_head(
        explained or explanation(),
        own,
        {"": controls, "layer_": layer_controls},
        events := pa.Table.from_pylist(rows, schema=EVENTS),
        draw_items(events, items, 0, 0, 1),
        pa.Table.from_pylist(PROBE_ROWS, schema=PROBES),
        Settings(100, 0),
    )


HELD_OUT = [name for measure in (*OF_WINDOWS, *OF_ITEMS, *OF_LEVELS) for name in measure.names]
EVERY_SCORE = [
    *(("validation", metric) for metric in HELD_OUT),
    *(("test", metric) for metric in HELD_OUT),
    *(("probes", measure.name) for measure in OF_TEXTS),
]


def test_a_true_explanation_beats_its_control() -> None:
    found = scores(predictions(1, 1), [predictions(2, 2)])
    assert list(found) == EVERY_SCORE
    for split, windows in (("validation", 3), ("test", 4)):
        own = found[split, "attention_correlation"]
        control = found[split, "attention_correlation_control"]
        margin = found[split, "attention_correlation_margin"]
        assert own.value > 0.99
        assert control.value < 0
        assert margin.value == pytest.approx(own.value - control.value)
        assert margin.low > 1
        assert (own.n, control.n, margin.n) == (windows, 1, windows)
        assert found[split, "pair_auroc"].value > 0.9
        assert found[split, "activation_correlation"].value > 0.99
        # Both predict activation that grows: the control is as good and the margin nothing.
        assert found[split, "activation_correlation_margin"].value == pytest.approx(0, abs=1e-9)
    assert found["probes", "effect_size"].value == pytest.approx(3 * 0.797885, abs=1e-5)
    assert found["probes", "effect_size_mean"].value == pytest.approx(3 * 0.797885, abs=1e-5)
    assert (found["probes", "auroc"].value, found["probes", "auroc_mean"].value) == (1, 1)


def test_controls_of_the_layer_are_scored_likewise() -> None:
    around, within = [predictions(2, 2)], [predictions(3, 3), predictions(2, 2)]
    found = scores(predictions(1, 1), around, layer_controls=within)
    swapped = scores(predictions(1, 1), within, layer_controls=around)
    for metric in ("attention", "activation"):
        for one, other in (
            (f"{metric}_correlation_layer_control", f"{metric}_correlation_control"),
            (f"{metric}_correlation_layer_margin", f"{metric}_correlation_margin"),
        ):
            assert found["test", one].value == pytest.approx(swapped["test", other].value)
            assert found["test", other].value == pytest.approx(swapped["test", one].value)
            assert found["test", one].n == swapped["test", other].n
    assert found["test", "attention_correlation_layer_margin"].low > 1


def test_attention_correlation_is_that_of_all_causal_pairs() -> None:
    measured, predicted = [], []
    for row in EVENT_ROWS[3:6]:
        for query in range(1, LENGTH):
            for key in range(1, query + 1):
                weight = row["weights"][2 * query]
                measured.append(weight if key == query - 1 else 0)
                predicted.append(0.5 if key == query - 1 else 0)
    found = scores(predictions(1, 1), [])["validation", "attention_correlation"]
    # The table holds single precision.
    assert found.value == pytest.approx(np.corrcoef(measured, predicted)[0, 1], abs=1e-6)


def test_a_score_names_the_side_that_is_constant() -> None:
    """Attention to what is farther than any key, and activation that is measured alike."""
    even = [row | {"activation": [1.0] * LENGTH} for row in EVENT_ROWS]
    found = scores(predictions(1, LENGTH), [predictions(2, 2)], rows=even)
    sides = {name: s.constant for (split, name), s in found.items() if split == "test"}
    score = "attention_correlation"
    of_attention = (score, f"{score}_margin", f"{score}_layer_margin")
    assert {name for name, side in sides.items() if side == "predicted"} == {*of_attention}
    assert {found["test", n].reason for n in of_attention} == {"predicted attention is constant"}
    assert sides["activation_correlation"] == sides["activation_correlation_margin"] == "measured"
    assert found["test", "activation_correlation"].reason == "measured activation is constant"


def test_controls_may_lack_windows_and_predictions() -> None:
    nothing = Predictions((0, 3), reason="unexplained")
    found = scores(predictions(1, 1), [predictions(2, 2, range(3, 5)), nothing])
    assert found["validation", "attention_correlation_control"].n == 1
    assert found["test", "attention_correlation_control"].n == 0
    assert found["test", "attention_correlation_margin"].value is None
    assert found["test", "attention_correlation"].value is not None


def test_windows_without_own_prediction_are_not_counted() -> None:
    found = scores(predictions(1, 1, range(4, 8)), [predictions(2, 2)])
    assert found["validation", "attention_correlation"].n == 2
    assert found["test", "attention_correlation"].n == 2


def test_an_unexplained_head_has_every_score_with_its_reason() -> None:
    nothing = Predictions((0, 1), reason="no rules")
    found = scores(nothing, [predictions(2, 2)], explanation("unexplained", "too diffuse"))
    assert list(found) == EVERY_SCORE
    for score in found.values():
        assert (score.value, score.low, score.high, score.n) == (None, None, None, 0)
        assert score.reason == "unexplained: too diffuse"


def test_without_predictions_cases_are_scored_all_the_same() -> None:
    nothing = Predictions((0, 1), reason="the judge failed")
    found = scores(nothing, [predictions(2, 2)])
    assert found["test", "attention_correlation"].reason == "the judge failed"
    assert found["probes", "auroc"].value == 1


def test_the_verdict_is_decided_with_the_scores() -> None:
    true = scored(predictions(1, 1), [predictions(2, 2)]).verdict
    assert (true.status, true.reason) == ("explained", None)
    assert true.decided_by == ["attention_gain_margin", "attention_gain_off_first_margin"]
    twin = scored(predictions(1, 1), [predictions(2, 1)]).verdict
    assert twin.status == "unexplained"
    alone = scored(predictions(1, 1), []).verdict
    assert alone.status == "not compared"
    assert alone.reason == (
        "nothing to compare: no other head that says something else serves as a control"
    )
    nothing = Predictions((0, 1), reason="no rules")
    none = scored(nothing, [], explanation("unexplained", "too diffuse")).verdict
    assert (none.status, none.reason) == ("unexplained", "too diffuse")
    broken = failed("ValueError: it broke")
    assert (broken.verdict.status, broken.verdict.reason) == ("failed", "ValueError: it broke")
    assert [(score.split, score.metric) for score in broken.scores] == EVERY_SCORE


@pytest.mark.parametrize("others", [slice(1, None), slice(None, None, -1)])
def test_which_other_measures_there_are_moves_no_number(
    monkeypatch: pytest.MonkeyPatch, others: slice
) -> None:
    """Neither one fewer, and so neither one more, nor their order."""
    own, control = predictions(1, 1), predictions(2, 2)
    # Few and discrete values have the same quantiles whatever is drawn.
    turned = [
        p._replace(activation=p.activation[::-1]) if n % 2 == 0 else p
        for n, p in enumerate(own.windows)
    ]
    own = Predictions(own.head, turned)
    before = scored(own, [control], items=12).scores
    for kind in ("OF_WINDOWS", "OF_ITEMS", "OF_LEVELS", "OF_TEXTS"):
        monkeypatch.setattr(head_scores, kind, getattr(head_scores, kind)[others])
    after = scored(own, [control], items=12).scores
    assert after and all(score in before for score in after)
    uncertain = {score.metric for score in after if score.low != score.high}
    assert {"activation_correlation", "detection_auroc", "effect_size_mean"} <= uncertain


def test_predictions_for_other_windows_are_refused() -> None:
    shorter = [{**row, "tokens": row["tokens"][:3]} for row in EVENT_ROWS]
    shorter = [
        {**row, "activation": row["activation"][:3], "keys": [-1] * 3, "weights": [0.0] * 3}
        for row in shorter
    ]
    with pytest.raises(InputError, match="the window has 3 tokens"):
        scores(predictions(1, 1), [], rows=shorter)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Input of the script: a layer of two heads."""
    events, probes = tmp_path / "events.parquet", tmp_path / "probes.parquet"
    write_rows(events, [*EVENT_ROWS, event(3, "validation", head=0)], EVENTS)
    write_rows(probes, [*PROBE_ROWS, probe(0, True, 99.0, head=0)], PROBES)
    paths = {"events": events, "probes": probes, "explanation": tmp_path / "explanation.json"}
    paths["items"] = tmp_path / "items.parquet"
    write_items(paths["items"], events, ITEMS)
    write_record(paths["explanation"], explanation())
    for head in (1, 2, 3):
        write_predictions(tmp_path / f"{head_name(0, head)}.parquet", predictions(head, head))
    return paths


def run(files: dict[str, Path], out: Path, control: int = 2) -> subprocess.CompletedProcess:
    """Scores L00H01 beside a control of the model, and L00H03 as one of its layer."""
    at = {"layer": 0, "head": 1, "rank": 0, "other_layer": 0, "similarity": 0.0}
    relations = [("model", control), ("layer", 3), ("twin", 2)]
    rows = [at | {"relation": name, "other_head": head} for name, head in relations]
    write_rows(out.parent / "controls.parquet", rows, CONTROLS)
    flags = {
        **HEADER,
        "layer": 0,
        "head": 1,
        "events": files["events"],
        "probes": files["probes"],
        "explanation": files["explanation"],
        "controls": out.parent / "controls.parquet",
        "predictions": files["events"].parent,
        "bootstrap": 100,
        "items": files["items"],
        "seed": 0,
        "out": out,
    }
    command = [sys.executable, str(SCRIPT)]
    for flag, value in flags.items():
        command += [f"--{flag}", str(value)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_script_scores_the_head_asked_for_the_same_each_time(
    files: dict[str, Path], tmp_path: Path
) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    for out in (one, two):
        result = run(files, out)
        assert (result.returncode, result.stderr) == (0, "")
    assert one.read_bytes() == two.read_bytes()
    record = read_record(one, HeadScores)
    assert (record.layer, record.head, record.version) == (0, 1, 1)
    controls = [predictions(2, 2)], [predictions(3, 3)]
    expected = scores(predictions(1, 1), controls[0], layer_controls=controls[1])
    assert record.scores == list(expected.values())
    assert record.verdict.status == "explained"
    assert "NaN" not in json.dumps(json.loads(one.read_text()))


@pytest.mark.parametrize(
    ("own", "control", "message"),
    [
        (2, 2, "L00H01.parquet: is about L00H02, expected is L00H01"),
        (1, 4, "L00H04.parquet: is about L00H02, expected is L00H04"),
        (1, 5, "L00H05.parquet: no such file"),
    ],
)
def test_script_refuses_files_about_the_wrong_head(
    files: dict[str, Path], tmp_path: Path, own: int, control: int, message: str
) -> None:
    write_predictions(tmp_path / "L00H01.parquet", predictions(own, 1))
    write_predictions(tmp_path / "L00H04.parquet", predictions(2, 2))
    result = run(files, tmp_path / "out.json", control)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.endswith(f"{message}\n")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.json").exists()
