"""Values of the configuration in the commands of all rules: none is a command, or a flag."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from workplace import Workplace

HOSTILE = "-x $(touch pwned) `touch pwned` ; touch pwned & 'q\" {input} {{wildcards}} * ~ $HOME \\"
_COMMAND = re.compile(r'^Shell command: (python "\$SCRIPTS"/(\w+)\.py .*)$', re.MULTILINE)
_RULE = re.compile(r"^ *rule (\w+):$", re.MULTILINE)


@pytest.fixture
def workplace(fresh: Workplace, tmp_path: Path) -> Workplace:
    """Where every path that a user gives has a name of the worst kind."""
    shutil.copytree(fresh.folder / "tiny", tmp_path / HOSTILE)
    shutil.copytree(fresh.folder / "tiny", tmp_path / f"{HOSTILE}2")
    texts = tmp_path / f"{HOSTILE}.d"
    texts.mkdir()
    (texts / "-a.txt").write_text("some text")
    table = "head,role,test,source,arxiv,checked\nL00H00,induction,some test,nobody,,code\n"
    (texts / "-roles.csv").write_text(table)
    (texts / "-written.csv").write_text("layer,head,rater,text\n0,0,a,some words\n")
    rated = tmp_path / "data/ratings/tiny/words/symbolic.sqlite"  # that it is there is enough here
    rated.parent.mkdir(parents=True)
    rated.touch()
    return Workplace(tmp_path)


def configuration(workplace: Workplace) -> dict[str, Any]:
    found = workplace.configuration
    model = found["models"]["tiny"] | {"roles": f"{HOSTILE}.d/-roles.csv"}
    found["models"] = {
        "tiny": model | {"source": HOSTILE, "revision": HOSTILE},
        "second": model | {"source": f"{HOSTILE}2", "heads": ["L00H00"]},
    }
    kinds = {
        "words": {"kind": "text", "files": ["-*.txt", f"{HOSTILE}.d/-a.txt"], "field": HOSTILE},
        "sites": {"kind": "stackexchange", "folder": f"{HOSTILE}.d"},
        "hub": {"kind": "huggingface", "source": f"{HOSTILE}.d", "name": HOSTILE, "part": HOSTILE},
    }
    found["corpora"] = {name: found["corpora"]["words"] | kind for name, kind in kinds.items()}
    for name in ("sites", "hub"):
        del found["corpora"][name]["files"]
        found["corpora"][name].pop("field", None)
    found["corpora"]["hub"] |= {"field": HOSTILE, "revision": HOSTILE}
    found["endpoints"] = {
        "one": {"model": HOSTILE, "base_url": "http://localhost:9/v1", "batch": True},
        "two": {"model": HOSTILE, "base_url": "http://localhost:9/v1"},
    }
    found["explainers"]["llm"] = {"kind": "llm", "endpoint": "one", "judge": "one"}
    found["explainers"]["llm"] |= {"hypothesis": "symbolic", "exemplars": 3, "writing": True}
    written = f"{HOSTILE}.d/-written.csv"
    found["explainers"]["people"] = {"kind": "people", "file": written, "judge": "two"}
    found["explainers"]["hybrid"] = {"kind": "hybrid", "endpoint": "two", "exemplars": 3}
    found["clusterings"]["minilm"]["encoder"] = HOSTILE
    found["report"]["title"] = HOSTILE
    found["studies"] = {"s": {"vary": {"clustering.encoder": [f"{HOSTILE}2"]}}}
    found["sweep"] |= {
        "models": ["tiny", "second"],
        "corpora": ["words", "sites", "hub"],
        "explainers": ["symbolic", "llm", "people", "hybrid"],
    }
    return found


def arguments(command: str, folder: Path) -> list[str]:
    """What the script of a rule is given by its command, in the shell that Snakemake uses."""
    bin_folder = folder / "bin"
    if not bin_folder.exists():
        bin_folder.mkdir()
        record = "import json, sys; json.dump(sys.argv[1:], open('argv', 'w'))"
        python = bin_folder / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{record}" "$@"\n')
        python.chmod(0o755)
    for log in re.findall(r"2> (results/\S+)", command):
        (folder / log).parent.mkdir(parents=True, exist_ok=True)
    for links in re.findall(r"&& ln .* (results/\S+)", command):  # made by Snakemake, as outputs
        (folder / links).mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "SCRIPTS": "/the scripts",
        "CONNECTIONS": json.dumps({"one": HOSTILE}),
        "SUBJECT_FLAGS": "--device=cpu --devices=1",
    }
    run = ["bash", "-euo", "pipefail", "-c", command]
    done = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr)
    found: list[str] = json.loads((folder / "argv").read_text())
    return found


def test_no_value_is_a_command_or_a_flag(workplace: Workplace, tmp_path: Path) -> None:
    (workplace.folder / "-b.txt").write_text("more text")
    asked = ["--dry-run", "--printshellcmds", "--forceall", "all", "estimate"]
    asked.append("results/studies/s/index.html")
    said = workplace.run(*asked, configuration=configuration(workplace))
    given: dict[str, set[str]] = {}
    ran: Counter[str] = Counter()
    for command, rule in _COMMAND.findall(said):
        ran[rule] += 1
        if ran[rule] <= 6:  # the models, corpora and explainers of a rule come early
            script, *words = arguments(command, workplace.folder)
            assert script == f"/the scripts/{rule}.py"
            given.setdefault(rule, set()).update(words)
    assert not (workplace.folder / "pwned").exists()
    rules = {
        r for f in (ROOT / "workflow/rules").glob("*.smk") for r in _RULE.findall(f.read_text())
    }
    without_command = {"all", "atlases", "comparison", "estimate"}
    without_command |= {"list_heads_to_draw", "list_variants"}
    assert given.keys() == rules - without_command
    assert {f"--source={HOSTILE}", f"--revision={HOSTILE}"} <= given["inspect_model"]
    windows = given["sample_windows"]
    assert {"--files=-*.txt", f"--files={HOSTILE}.d/-a.txt", f"--field={HOSTILE}"} <= windows
    assert {f"--folder={HOSTILE}.d", f"--part={HOSTILE}", f"--name={HOSTILE}"} <= windows
    assert f"--encoder={HOSTILE}" in given["cluster_heads"]
    workplace.run("results/studies/s/variants.json", configuration=configuration(workplace))
    plan = json.loads((workplace.folder / "results/studies/s/variants.json").read_text())
    _, other = plan["variants"]
    assert other["changed"] == {"clustering.encoder": f"{HOSTILE}2"}
    assert re.fullmatch(r"[\w~=./-]+", other["clusters"])
    for name in ("ask_in_batches", "explain_head_llm", "estimate_cost"):
        assert any(word.startswith("--evidence=results/") for word in given[name])
    assert f"--roles={HOSTILE}.d/-roles.csv" in given["grade_roles"]
    for name in ("explain_head_people", "estimate_cost_people"):
        assert f"--written={HOSTILE}.d/-written.csv" in given[name]
    for name in ("build_atlas", "compare_runs", "compare_costs", "compare_variants"):
        assert f"--title={HOSTILE}" in given[name]
    for name in ("ask_in_batches", "explain_head_llm", "judge_head_llm", "propose_head_llm"):
        sampling = [word for word in given[name] if word.startswith("--sampling=")]
        assert [json.loads(w.partition("=")[2])["model"] for w in sampling] == [HOSTILE]
        assert json.dumps({"one": HOSTILE}) in given[name]
