"""How fast jobs may start."""

import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

SNAKEFILE = f"""
include: "{ROOT}/workflow/rules/functions/ending.smk"
rule only:
    output: "out"
    shell: "touch {{output}}"
onstart:
    without_default_rate(workflow.scheduler)
    limit = workflow.scheduler.job_rate_limiter
    print("limit:", limit and f"{{limit.max_jobs}} in {{limit.timespan}}")
"""


@pytest.mark.parametrize(("given", "kept"), [(None, "None"), ("3/2s", "3 in 2.0")])
def test_jobs_start_as_fast_as_they_can_unless_a_user_says_otherwise(
    tmp_path: Path, given: str | None, kept: str
) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    limit = ["--max-jobs-per-timespan", given] if given else []
    done = subprocess.run([*command, *limit], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"limit: {kept}\n" in done.stdout
