"""What goes wrong in the middle of a run: each fault as an injection and a way back."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workplace import Workplace

HOOK = Path(__file__).parent / "hook"
RUN = "results/tiny/words"
ROUND = f"{RUN}/symbolic/round0"
FINISHED = f"{RUN}/symbolic/finished/minilm"
EVENTS = f"{RUN}/events/layer00.parquet"
EXPLANATION = f"{ROUND}/explanations/L00H00.json"
CLUSTERS = f"{ROUND}/families/minilm/clusters.json"
OUTPUTS = {  # of each stage, one
    "sample_windows": f"{RUN}/windows.parquet",
    "cache_activations": f"{RUN}/activations/shard0",
    "select_events": EVENTS,
    "explain_head": EXPLANATION,
    "predict_head": f"{ROUND}/predictions/L00H00.parquet",
    "run_probes": f"{ROUND}/probes/layers00-01",
    "score_head": f"{ROUND}/scores/L00H00.json",
    "cluster_heads": CLUSTERS,
    "build_atlas": f"{FINISHED}/index.html",
}
Said = subprocess.CompletedProcess[str]


def run(workplace: Workplace, target: str, *before: str, **environment: str) -> Said:
    """Ask for a file; `before` is a command that starts Snakemake."""
    command = workplace.command("--show-failed-logs", "--rerun-triggers", "mtime", "--", target)
    return subprocess.run(
        [*before, *command],
        cwd=workplace.folder,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def killed(script: str) -> Callable[[Workplace, str], Said]:
    """A run in which a script is killed in the middle of its work."""
    return lambda w, target: run(w, target, PYTHONPATH=str(HOOK), FAULT=script)


def all_killed(workplace: Workplace, target: str) -> Said:
    """A run of which Snakemake and its jobs are killed while a job is at work."""
    process = subprocess.Popen(
        workplace.command("--", target),
        cwd=workplace.folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    place = (workplace.folder / workplace.atlas).parent
    while process.poll() is None and not list(place.glob(".minilm.*")):
        time.sleep(0.01)
    os.killpg(process.pid, 9)
    process.wait()
    again = run(workplace, target)
    subprocess.run(workplace.command("--unlock"), cwd=workplace.folder, capture_output=True)
    return again


_FULL = """
mkdir disk && mount -t tmpfs -o size=1g none disk && cp -a results/. disk/
used=$(df -k --output=used disk | tail -1)
mount -o remount,size=$((used + 4))k disk && mount --bind disk results
"$@"; code=$?
cp -a results/. after/ && exit $code
"""
_READ_ONLY = 'mount --bind results results && mount -o remount,ro,bind results && "$@"'


def can_mount() -> bool:
    """Whether disks can be made here, in a namespace of their own."""
    command = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True).returncode == 0


def on(script: str) -> Callable[[Workplace, str], Said]:
    """A run on a disk that a shell script makes."""

    def faulty(workplace: Workplace, target: str) -> Said:
        folder = workplace.folder
        (folder / "after").mkdir()
        inside = ["unshare", "--map-root-user", "--mount", "sh", "-c", f"set -e; {script}", "sh"]
        done = run(workplace, target, *inside)
        if any((folder / "after").iterdir()):
            shutil.rmtree(folder / "results")
            (folder / "after").rename(folder / "results")
        return done

    return faulty


def damaged(file: str, damage: Callable[[bytes], bytes]) -> Callable[[Workplace, str], Said]:
    """A run over a file that has been changed, but for its time."""

    def faulty(workplace: Workplace, target: str) -> Said:
        path = workplace.folder / file
        state = path.stat()
        path.write_bytes(damage(path.read_bytes()))
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
        return run(workplace, target)

    return faulty


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    at = len(content) // 3
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def edited(**changes: object) -> Callable[[bytes], bytes]:
    """A JSON record with other values."""
    return lambda content: json.dumps(json.loads(content) | changes).encode()


def twice(workplace: Workplace, target: str) -> Said:
    """A second run while the first is at work, which goes on to its end."""
    command = workplace.command("--", target)
    first = subprocess.Popen(
        command, cwd=workplace.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    locks = workplace.folder / ".snakemake/locks"
    while first.poll() is None and not any(locks.glob("*")):
        time.sleep(0.01)
    second = run(workplace, target)
    first.wait()
    return second


@dataclass(frozen=True)
class Fault:
    """A fault: what is asked for, how it fails, and what a user does then but run again."""

    name: str
    target: str
    inject: Callable[[Workplace, str], Said]
    delete: str | None = None
    "the file that the message says is to be deleted"
    mounts: bool = False
    remove: tuple[str, ...] = field(default=())
    "results that are removed before, so that there is work; the target where none is named"


DAMAGED: list[tuple[str, str, str, Callable[[bytes], bytes]]] = [
    ("a table cut off", EVENTS, EXPLANATION, half),
    ("a table of 0 bytes", EVENTS, EXPLANATION, lambda _: b""),
    ("a flipped bit in a table", OUTPUTS["sample_windows"], EVENTS, flipped),
    (
        "a table of zeros in the middle",
        EVENTS,
        EXPLANATION,
        lambda c: c[:99] + bytes(9999) + c[10098:],
    ),
    ("a record cut off", EXPLANATION, CLUSTERS, half),
    ("a record edited: a key that is none", EXPLANATION, CLUSTERS, edited(sumary="x")),
    ("a record edited: text for a number", EXPLANATION, CLUSTERS, edited(layer="first")),
    ("a record of version 99", EXPLANATION, CLUSTERS, edited(version=99)),
]
FAULTS = [
    *(Fault(f"SIGKILL of `{rule}`", target, killed(rule)) for rule, target in OUTPUTS.items()),
    Fault("SIGKILL of Snakemake and its jobs", OUTPUTS["build_atlas"], all_killed),
    *(
        Fault(f"the disk is full: `{rule}`", OUTPUTS[rule], on(_FULL), mounts=True)
        for rule in ("cache_activations", "select_events", "build_atlas")
    ),
    Fault("results read-only", OUTPUTS["build_atlas"], on(_READ_ONLY), mounts=True),
    *(
        Fault(name, target, damaged(file, damage), delete=file)
        for name, file, target, damage in DAMAGED
    ),
    Fault("a second Snakemake in the same folder", OUTPUTS["cache_activations"], twice),
]


def sentence(done: Said) -> str:
    """What the user is told, in a line."""
    said = done.stdout + done.stderr
    if done.returncode == 0:
        return "nothing: no job failed"
    patterns = (
        r"^error: .*",
        r"^Error: Directory cannot be locked",
        r"^results: may not be written.*",
        r"^Error in rule \w+",
    )
    found = (re.search(pattern, said, re.M) for pattern in patterns)
    return next((match[0].strip() for match in found if match), said.strip().splitlines()[-1])
