"""Open a Spark session: quiet, in UTC, with a limit on every wait, and with this package on its workers."""

from __future__ import annotations

import ctypes
import logging
import os
import pwd
import shutil
import socket
import sys
import threading
import zipfile
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from perpend.evaluation.engines.spark.errors import FAILURES, SparkFailed, spark_failure

# isort: split
# After `errors`, which raises a clear message if these are not installed.
from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from perpend.evaluation.engines.spark.udfs import BINARIES
from perpend.inventory.snapshots.temporary_store import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE: Final = 20.0
"""The seconds to wait for a master, and for its first worker."""

_START: Final = 120.0
_STOP: Final = 15.0
_SETTINGS: Final = {
    "spark.app.name": "perpend",
    "spark.executorEnv.PYTHONSAFEPATH": "1",
    "spark.log.level": "OFF",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_MEANING: Final = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.jsonGenerator.ignoreNullFields": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",
}
_EXCLUDED: Final = "spark.sql.optimizer.excludedRules"
_COLLAPSING: Final = "org.apache.spark.sql.catalyst.optimizer.CollapseProject"
"""The optimizer rule that would undo the layers of a plan, by copying a projection into every use."""

_SHIPPED: Final = ("perpend", "jmespath")
_BINARY: Final = "re2"
_WRAPPER: Final = "libnss_wrapper.so"


@contextmanager
def spark_session(
    master: str = "local[*]", conf: Mapping[str, str] | None = None, *, patience: float = PATIENCE
) -> Iterator[SparkSession]:
    """Open a session at a master. At the end it is closed, and its JVM is stopped.

    ``conf`` are settings of Spark, which override those made here. Raises SparkFailed if there is no Java, if no master
    answers, or if no worker takes work within ``patience`` seconds.
    """
    given = dict(conf or {})
    if SparkContext._active_spark_context is not None:
        raise SparkFailed("this process already has a Spark session, and it can have only one")
    _find_java()
    _find_master(master, patience)
    is_local = master.startswith("local")
    settings = {**_SETTINGS, **(_LOOPBACK if is_local or _is_loopback(master) else {}), **_MEANING, **given}
    with scratch() as directory:
        start = _SessionStart(master, settings, directory)
        try:
            session = start.wait()
            python = given.get("spark.pyspark.python") or os.environ.get("PYSPARK_PYTHON")
            session.sparkContext.pythonExec = python or (sys.executable if is_local else "python3")
            if not is_local:
                _ship(session.sparkContext, directory)
                _find_worker(session, patience)
            yield session
        finally:
            start.end()


def own_session(session: SparkSession) -> SparkSession:
    """Return a session of the same application with the settings that plans require."""
    own = session.newSession()
    for name, value in _MEANING.items():
        own.conf.set(name, value)
    excluded = own.conf.get(_EXCLUDED, None)
    own.conf.set(_EXCLUDED, ",".join(filter(None, (excluded, _COLLAPSING))))
    return own


_LOOPBACK: Final = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}


def _find_java() -> None:
    home = os.environ.get("JAVA_HOME")
    is_there = Path(home, "bin", "java").is_file() if home else shutil.which("java") is not None
    if not is_there:
        where = f"JAVA_HOME is `{home}`" if home else "JAVA_HOME is not set and PATH has no `java`"
        raise SparkFailed(f"Spark needs Java 17 or newer, and none was found: {where}")


def _addresses(master: str) -> Iterator[tuple[str, int]]:
    """Yield the host and port of each master in a URL."""
    for part in master.removeprefix("spark://").split(","):
        try:
            address = urlsplit(f"spark://{part}")
            yield address.hostname or "", address.port or 7077
        except ValueError:
            raise SparkFailed(f"`{master}` is not the address of a Spark master: use spark://HOST:PORT") from None


def _is_loopback(master: str) -> bool:
    return master.startswith("spark://") and all(host in ("127.0.0.1", "localhost", "::1") for host, _ in _addresses(master))


def _find_master(master: str, patience: float) -> None:
    """Raise if no standalone master listens at the address. Spark itself would retry for minutes."""
    if not master.startswith("spark://"):
        if not master.startswith(("local", "yarn", "k8s://")):
            raise SparkFailed(f"`{master}` is not a Spark master: use local[*], spark://HOST:PORT, yarn or k8s://…")
        return
    reasons = []
    for address in _addresses(master):
        try:
            socket.create_connection(address, timeout=patience).close()
        except OSError as error:
            reasons.append(f"{address[0]}:{address[1]}: {(error.strerror or str(error) or 'no answer').lower()}")
        else:
            return
    raise SparkFailed(f"no Spark master can be reached at {master} ({'; '.join(reasons)})")


def is_none_of_py4j(record: logging.LogRecord) -> bool:
    """Whether a record on the root logger is not from py4j, which logs there."""
    return Path(record.pathname).parent.name != "py4j"


class _SessionStart(threading.Thread):
    """The start of a session in its own JVM, abandoned if it hangs."""

    def __init__(self, master: str, settings: Mapping[str, str], directory: Path) -> None:
        super().__init__(name="perpend-spark-start", daemon=True)
        self._master = master
        self._log = directory / "jvm.txt"
        self._gateway: Any = None
        self._turn = threading.Lock()
        self._abandoned = False
        self._session: SparkSession | None = None
        self._error: BaseException | None = None
        quiet = directory / "log4j2.properties"
        quiet.write_text("rootLogger.level = off\n", "utf-8")
        options = f"-Dlog4j2.configurationFile={quiet.as_uri()} -Xss8m {settings.get('spark.driver.extraJavaOptions', '')}"
        all_settings = {
            "spark.sql.warehouse.dir": str(directory / "warehouse"),
            "spark.jars.ivy": str(directory / "ivy"),
            **settings,
            "spark.driver.extraJavaOptions": options.strip(),
        }
        self._conf = SparkConf(loadDefaults=False).setMaster(master).setAll(list(all_settings.items()))

    def run(self) -> None:
        """Start the JVM, with its output in a file, then the application in it."""
        try:
            with self._log.open("wb") as log, identity(self._log.parent):
                gateway = launch_gateway(self._conf, {"stderr": log, "stdout": log})
            with self._turn:
                self._gateway = gateway
                if self._abandoned:  # `end` ran already, so the JVM must be stopped here
                    self._kill()
                    return
            self._session = SparkSession(SparkContext(conf=self._conf, gateway=self._gateway))
        except (SparkFailed, *FAILURES) as error:
            self._error = error

    def wait(self) -> SparkSession:
        """Start, wait, and return the session."""
        self.start()
        self.join(_START)
        if self.is_alive():
            raise SparkFailed(f"Spark did not start at {self._master} within {_START:.0f} seconds")
        if isinstance(self._error, SparkFailed):
            raise self._error
        if self._session is None:
            raise spark_failure(self._error, self._log.read_text("utf-8", "replace")) from None
        return self._session

    def _close(self) -> None:
        with suppress(*FAILURES):
            assert self._session is not None
            self._session.stop()

    def _kill(self) -> None:
        # A thread of py4j may lose the JVM while it reads, and would print a traceback.
        logging.getLogger().addFilter(is_none_of_py4j)
        self._gateway.proc.kill()
        self._gateway.proc.wait()

    def end(self) -> None:
        """Close the session and stop its JVM, even if the session does not answer."""
        if self._session is not None:
            stopping = threading.Thread(target=self._close, name="perpend-spark-stop", daemon=True)
            stopping.start()
            stopping.join(_STOP)
        with self._turn:
            self._abandoned = True
            if self._gateway is not None:
                self._kill()
        SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None


def _find_worker(session: SparkSession, patience: float) -> None:
    """Raise if no worker runs a tiny job in time."""
    spark = session.sparkContext
    done = threading.Event()

    def work() -> None:
        try:
            session.range(1, numPartitions=1).collect()
            done.set()
        except FAILURES:
            done.clear()

    probe = threading.Thread(target=work, name="perpend-spark-probe", daemon=True)
    probe.start()
    if not done.wait(patience):
        spark.cancelAllJobs()
        probe.join(_STOP)  # or it would print a traceback when the session ends
        raise SparkFailed(f"the Spark master at {spark.master} gave no worker within {patience:.0f} seconds")


def _ship(spark: SparkContext, directory: Path) -> None:
    """Send the packages of Python functions to the workers: plain Python as a zip file, binaries as a directory."""
    packages = directory / "perpend_packages.zip"
    with zipfile.ZipFile(packages, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _SHIPPED:
            _add(archive, name, "*.py")
    spark.addPyFile(str(packages))
    binaries = directory / f"{BINARIES}.zip"
    with zipfile.ZipFile(binaries, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, _BINARY, "*")
    spark.addArchive(f"{binaries}#{BINARIES}")


def _add(archive: zipfile.ZipFile, package: str, pattern: str) -> None:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    for path in sorted(root.rglob(pattern)):
        if path.is_file() and path.suffix != ".pyc":
            archive.write(path, f"{package}/{path.relative_to(root)}")


@contextmanager
def identity(directory: Path) -> Iterator[None]:
    """Give processes that start in this block a user name, which Hadoop requires.

    A container with a random user id has no passwd entry; nss_wrapper provides one without a change to system files.
    ``directory`` takes the files. Raises SparkFailed if the user has no name and nss_wrapper is not installed.
    """
    variables = {} if _has_name() else _name_variables(directory)
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _has_name() -> bool:
    try:
        return bool(pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        return False


def _name_variables(directory: Path) -> dict[str, str]:
    try:
        ctypes.CDLL(_WRAPPER)
    except OSError:
        raise SparkFailed(
            f"user id {os.getuid()} has no name here, and the Hadoop in Spark needs one: give it an entry in /etc/passwd, or "
            "install nss_wrapper (`apt-get install libnss-wrapper`)"
        ) from None
    users, groups = directory / "passwd", directory / "group"
    users.write_text(f"perpend:x:{os.getuid()}:{os.getgid()}::{directory}:/bin/false\n", "utf-8")
    groups.write_text(f"perpend:x:{os.getgid()}:\n", "utf-8")
    preloaded = " ".join(filter(None, (_WRAPPER, os.environ.get("LD_PRELOAD"))))
    return {"LD_PRELOAD": preloaded, "NSS_WRAPPER_PASSWD": str(users), "NSS_WRAPPER_GROUP": str(groups)}
