"""A real server, `transformers serve`, and a model that can explain nothing: the demo model."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from workplace import ROOT, Workplace

from headatlas.records.explanation import Explanation
from headatlas.storage import read_record

DEMO = ROOT / "workflow/resources/demo-model"
# The demo model was never taught to talk in turns. As those of some models, its template raises an
# exception for the role "system", of which this server only says that it has an error.
TEMPLATE = json.dumps(
    {
        "chat_template": "{% for message in messages %}"
        "{% if message.role == 'system' %}{{ raise_exception('No such role') }}{% endif %}"
        "{{ message.content }}\n{% endfor %}"
    }
)


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--device", "cpu", "--dtype", "float32", "--host", "127.0.0.1", "--port", str(port)]
    options += ["--chat-template-kwargs", TEMPLATE]
    log = tmp_path_factory.mktemp("serve") / "log"
    with log.open("w") as said:
        server = subprocess.Popen(
            [Path(sys.executable).parent / "transformers", "serve", DEMO, *options],
            stdout=said,
            stderr=subprocess.STDOUT,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait()


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.5)
    raise TimeoutError(log.read_text())


def test_nonsense_is_recorded_and_not_scored(
    finished: Workplace, base_url: str, tmp_path: Path
) -> None:
    """Every head is failed with its reason, and there is an atlas only where that is wanted."""
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder, symlinks=True)
    workplace = Workplace(folder)
    endpoint = {"model": str(DEMO), "base_url": base_url, "output": "plain", "max_tokens": 12}
    talker = {"kind": "llm", "endpoint": "demo", "judge": "demo", "candidates": 1, "rounds": 1}
    workplace.configuration["endpoints"] = {"demo": endpoint}
    workplace.configuration["explainers"]["talker"] = talker | {"exemplars": 1, "few_shot": 0}
    workplace.configuration["sweep"]["explainers"] = ["talker"]
    done = workplace.snakemake("--keep-going")
    assert done.returncode == 1
    assert "build_atlas, 1 job failed: 6 of 6 heads failed: " in done.stderr, done.stderr[-4000:]
    workplace.configuration["report"]["all_failed"] = True
    workplace.run()
    run = folder / "results/tiny/words/talker"
    records = [read_record(path, Explanation) for path in (run / "round1/explanations").iterdir()]
    assert len(records) == 6
    for record in records:
        assert record.status == "failed"
        assert re.search("cut off|JSON", record.reason or ""), record.reason
        assert record.usage is not None and record.usage.calls > 0
    assert (run / "atlas/minilm/index.html").is_file()
    scores = pl.read_parquet(run / "atlas/minilm/scores.parquet")
    assert scores["value"].null_count() == len(scores) > 0
    assert scores["reason"].null_count() == 0
