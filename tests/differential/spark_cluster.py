"""A standalone master of Spark and its workers, as processes of this machine on free ports of the loopback address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.differential.on_spark import BRIEF

_LIMIT = 300.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Cluster:
    """A master and workers. What is started here is ended here, by its own process group."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.master = f"spark://127.0.0.1:{self.port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._logs: list[Path] = []
        self._master = self._start("master.Master", "--port", str(self.port))
        self._await(self._logs[0], "I have been elected leader")

    def _start(self, role: str, *arguments: str) -> subprocess.Popen[bytes]:
        import pyspark

        home = Path(pyspark.__file__).parent
        log = self.directory / f"{len(self._logs)}.log"
        self._logs.append(log)
        command = [home / "bin" / "spark-class", f"org.apache.spark.deploy.{role}", "--host", "127.0.0.1", "--webui-port", "0"]
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "200m",
            "SPARK_DAEMON_JAVA_OPTS": BRIEF,
            "SPARK_LOCAL_DIRS": str(self.directory / "local"),
        }
        with log.open("wb") as stream:
            return subprocess.Popen(
                [*map(str, command), *arguments], env=environment, stdout=stream, stderr=stream, start_new_session=True
            )

    def add_workers(self, number: int) -> None:
        """Start workers, side by side, and wait until the master knows them."""
        for place in range(number):
            work = self.directory / f"work{place}"
            arguments = ("--cores", "1", "--memory", "1g", "--work-dir", str(work), self.master)
            self.workers.append(self._start("worker.Worker", *arguments))
        for log in self._logs[-number:]:
            self._await(log, "Successfully registered with master")

    def _await(self, log: Path, words: str) -> None:
        end = time.monotonic() + _LIMIT
        while words not in log.read_text("utf-8", "replace"):
            if time.monotonic() > end:
                raise TimeoutError(log.read_text("utf-8", "replace")[-2000:])
            time.sleep(0.1)

    def kill_worker(self, number: int) -> None:
        """Kill a worker and its executor, without warning."""
        _kill(self.workers[number])

    def end(self) -> None:
        for one in (*self.workers, self._master):
            _kill(one)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def cluster(directory: Path, *, workers: int) -> Iterator[Cluster]:
    found = Cluster(directory)
    try:
        found.add_workers(workers)
        yield found
    finally:
        found.end()
