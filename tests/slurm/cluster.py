"""A real Slurm on this machine, for tests: three nodes, two GPUs that do nothing, accounting.

Everything is in one folder and in namespaces of its own: a network that has only loopback, and
a view of /etc/slurm that nobody else sees. So several clusters stand beside each other and beside
an installed Slurm, and the kernel ends all of it with the process that started it. Every node
has its processes to itself: when it is stopped, its jobs die with it, as in a power cut.

By hand: `python tests/slurm/cluster.py FOLDER` starts one and prints how to enter it.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import psutil

PROGRAMS = ("slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "ip", "nsenter", "unshare")
NODES = ("cpu1", "cpu2", "gpu1")
# The daemons of Debian are in folders that a user's PATH may lack.
PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])

ETC = Path(__file__).parent / "etc"


def obstacle() -> str | None:
    """Why no cluster can be started here, in a sentence."""
    if missing := [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]:
        return f"tests/slurm needs {', '.join(missing)}: `make test-slurm` installs it (Debian)"
    return None if os.getuid() == 0 else "tests/slurm makes namespaces and needs root"


class Cluster:
    """A running Slurm cluster. Use it as a context, or call `start` and `stop`."""

    def __init__(self, folder: Path):
        self.folder = folder.absolute()
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Write the configuration and start everything; return when all nodes are idle."""
        self.write_configuration()
        self.enter_namespaces()
        self.start_accounting()
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.wait(lambda: self.node_states() == dict.fromkeys(NODES, "idle"), "idle nodes")

    def write_configuration(self) -> None:
        for name in ("etc", "log", "munge", "database", "state", "spool"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for template in ETC.iterdir():
            file = self.folder / "etc" / template.name
            file.write_text(template.read_text().replace("{folder}", str(self.folder)))
            file.chmod(0o600)
        key = self.folder / "munge/key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        for number in range(2):
            (self.folder / f"gpu{number}").touch()

    def enter_namespaces(self) -> None:
        """Make the namespaces and a process that keeps them."""
        # slurmdbd looks for an address other than 127.0.0.1; one on the loopback device will do.
        script = (
            "hostname localhost && ip link set lo up && ip address add 10.0.0.1/32 dev lo"
            " && mount --bind etc /etc/slurm && echo ready && exec sleep infinity"
        )
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--uts"]
        self.keeper = subprocess.Popen(
            [*command, "sh", "-c", script],
            cwd=self.folder,
            env=os.environ | {"PATH": PATH},
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.keeper.stdout is not None
        if self.keeper.stdout.readline() != b"ready\n":
            raise RuntimeError("no namespaces of network and mounts can be made here")

    def start_accounting(self) -> None:
        munge, database = self.folder / "munge", self.folder / "database"
        files = [f"--{name}-file={munge}/{name}" for name in ("key", "pid", "log", "seed")]
        self.start_daemon("munged", "--foreground", "--force", f"--socket={munge}/socket", *files)
        where = ["--no-defaults", f"--datadir={database}", "--user=root"]
        self.run("mariadb-install-db", *where, "--auth-root-authentication-method=normal")
        self.start_daemon(
            "mariadbd", *where, "--bind-address=127.0.0.1", f"--socket={database}/socket"
        )
        client = ["mariadb-admin", "--no-defaults", f"--socket={database}/socket", "ping"]
        self.retry(*client)
        self.start_daemon("slurmdbd", "-D")
        add = ["sacctmgr", "--immediate", "add"]
        self.retry(*add, "cluster", "atlas")
        self.run(*add, "account", "atlas")
        self.run(*add, "user", "root", "account=atlas")

    def start_controller(self) -> None:
        self.start_daemon("slurmctld", "-D")
        self.retry("scontrol", "ping")

    def restart_controller(self, seconds: float = 0) -> None:
        """Stop slurmctld, and start it again after some seconds; it goes on from its state."""
        self.run("scontrol", "shutdown", "slurmctld")
        self.daemons.pop("slurmctld").wait()
        time.sleep(seconds)
        self.start_controller()

    def start_node(self, node: str) -> None:
        """Start a node; it is up when `node_states` says so."""
        self.start_daemon(node, "-D", "-N", node, program="slurmd")

    def stop_node(self, node: str) -> None:
        """Take the power from a node: its slurmd and its jobs are gone at once, and Slurm knows."""
        self.kill(node)
        self.run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=power")

    def start_daemon(self, name: str, *arguments: str, program: str | None = None) -> None:
        # --kill-child: when unshare dies, its child does, and with the first process of a PID
        # namespace the kernel kills all others.
        own = ["setpriv", "--pdeathsig", "KILL"]
        own += ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
        with (self.folder / "log" / name).open("ab") as log:
            self.daemons[name] = subprocess.Popen(
                self.inside(*own, program or name, *arguments),
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill a daemon and all that it started."""
        daemon = self.daemons.pop(name)
        children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children")
        if daemon.poll() is None:
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)
        daemon.wait()

    def stop(self) -> None:
        """Kill the daemons, and then what else lives in this network."""
        for name in list(self.daemons):
            self.kill(name)
        if hasattr(self, "keeper"):
            network = Path(f"/proc/{self.keeper.pid}/ns/net").readlink()
            for process in psutil.process_iter():
                with contextlib.suppress(OSError, psutil.Error):
                    if Path(f"/proc/{process.pid}/ns/net").readlink() == network:
                        process.kill()
            self.keeper.wait()

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which its commands run."""
        return {k: v for k, v in os.environ.items() if k != "SLURM_CONF"} | {"PATH": PATH}

    def inside(self, *command: str, folder: Path | None = None) -> list[str]:
        """The command that runs a command in the cluster, in a folder, without a new process."""
        enter = ["nsenter", f"--target={self.keeper.pid}", "--net", "--mount", "--uts"]
        return [*enter, f"--wdns={folder or Path.cwd()}", *command]

    def run(self, *command: str) -> str:
        """Run a command in the cluster to a good end. Returns what it wrote to stdout."""
        done = subprocess.run(
            self.inside(*command), env=self.environment, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def retry(self, *command: str, seconds: float = 60) -> None:
        """Run a command again and again, until it comes to a good end or the time is over."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.run(*command)
                return
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
        """Return as soon as the condition holds; RuntimeError names what did not come."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"no {what} after {seconds} seconds; logs: {self.folder}/log")
            time.sleep(0.2)

    def node_states(self) -> dict[str, str]:
        """State of each node, as sinfo has it."""
        lines = self.run("sinfo", "--noheader", "--Node", "--format=%N %t").splitlines()
        return dict(line.split() for line in lines)

    def sacct(self, *arguments: str, fields: Sequence[str]) -> list[dict[str, str]]:
        """What accounting has on every job (not on its steps), oldest first."""
        return self.table(
            fields,
            "sacct",
            "-X",
            "--parsable2",
            "--noheader",
            "--starttime=now-1day",
            f"--format={','.join(fields)}",
            *arguments,
        )

    def squeue(self, *arguments: str) -> list[dict[str, str]]:
        """The jobs that wait or run; what Snakemake runs in a job is in its comment."""
        fields = ("id", "state", "node", "comment")
        return self.table(fields, "squeue", "--noheader", "--format=%i|%T|%N|%k", *arguments)

    def table(self, fields: Sequence[str], *command: str) -> list[dict[str, str]]:
        lines = self.run(*command).splitlines()
        return [dict(zip(fields, line.split("|"), strict=True)) for line in lines]

    def scancel(self, *arguments: str) -> None:
        """Cancel jobs."""
        self.run("scancel", *arguments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="new folder for all files of the cluster")
    arguments = parser.parse_args()
    if problem := obstacle():
        parser.error(problem)
    with Cluster(arguments.folder) as cluster:
        print("The cluster is up until Ctrl-C. To enter it:")
        print(" ", *cluster.inside("bash"), flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
