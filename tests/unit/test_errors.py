"""What fails with a head and what fails with its job."""

import errno
import os

import numpy as np
import pytest

from headatlas.errors import InputError, or_failed, reported
from headatlas.explainers.unexplained import failed_explanation
from headatlas.records.head import HeadRecord
from headatlas.scoring.head_scores import OF_ITEMS, OF_LEVELS, OF_TEXTS, OF_WINDOWS, no_scores

ABOUT = HeadRecord(model="m", corpus="c", explainer="e", round=0, layer=1, head=2)


def test_a_head_that_works_has_its_result() -> None:
    assert or_failed(lambda: 3, lambda reason: -1) == 3


def test_a_head_that_breaks_the_code_is_a_record_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    explanation = or_failed(
        lambda: np.linalg.inv(np.zeros((2, 2))), lambda reason: failed_explanation(ABOUT, reason)
    )
    assert explanation.status == "failed"
    assert explanation.reason == "LinAlgError: Singular matrix"
    assert (explanation.layer, explanation.head, explanation.behaviours) == (1, 2, [])
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("error", [InputError("no file"), OSError("disk full"), MemoryError()])
def test_what_is_not_about_the_head_fails_the_job(error: Exception) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)):
        or_failed(work, lambda reason: None)


def test_without_scores_every_score_is_there_with_the_reason() -> None:
    scores = no_scores("failed: it broke")
    held_out = sum(len(measure.names) for measure in (*OF_WINDOWS, *OF_ITEMS, *OF_LEVELS))
    assert len(scores) == 2 * held_out + len(OF_TEXTS)
    assert {(s.value, s.n, s.reason) for s in scores} == {(None, 0, "failed: it broke")}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_is_a_sentence(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    @reported
    def main() -> None:
        raise OSError(number, "as the library puts it", "results/a.json")

    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err == f"error: results/a.json: {os.strerror(number)}\n"


def test_what_no_disk_does_keeps_its_traceback() -> None:
    @reported
    def main() -> None:
        raise ConnectionResetError(errno.ECONNRESET, "reset")

    with pytest.raises(ConnectionResetError):
        main()
