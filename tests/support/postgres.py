"""A PostgreSQL 15 server of the tests' own: in a folder, on a socket, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
RUNUSER = shutil.which("runuser") or "/usr/sbin/runuser"  # sbin is not on every PATH
ACCOUNT = "postgres"  # made by the package; the server refuses to run as root
START_S = 60
MISSING = f"PostgreSQL 15 is not installed ({PROGRAMS}); on Debian 12: apt-get install postgresql"


class PostgresServer:
    """A server in a folder; ``stop`` and ``start`` as often as needed.

    Parameters
    ----------
    folder : Path
        Short (a socket's path has 107 characters at most) and owned by whoever runs the server.

    Attributes
    ----------
    address : str
        Of the database most tests share; their datasets have identities of their own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self.address = ""
        self._run("initdb", "-D", self._data, "-U", "thenar", "-A", "trust", "-E", "UTF8", "-N")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        """Start and wait until it answers."""
        settings = f"-k {self._folder} -c listen_addresses='' -c fsync=off -c max_connections=20"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", log, "-o", settings)

    def stop(self) -> None:
        """Stop at once, as after a power cut; what was committed is there after ``start``."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self._data)

    def runs(self) -> bool:
        """Whether it was started and not stopped since."""
        return (Path(self._data) / "postmaster.pid").exists()

    def new_database(self) -> str:
        """Make an empty database; returns its address, with a password nobody checks."""
        self._made += 1
        name = f"station{self._made}"
        self._run("createdb", "-h", str(self._folder), "-U", "thenar", name)
        return f"postgresql://thenar:secret-word@/{name}?host={self._folder}"

    def _run(self, program: str, *arguments: str) -> None:
        account = [RUNUSER, "-u", ACCOUNT, "--"] if os.getuid() == 0 else []
        done = subprocess.run(
            [*account, str(PROGRAMS / program), *arguments],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open in the server
            stderr=subprocess.DEVNULL,
            timeout=START_S,
            check=False,
        )
        if done.returncode:
            log = self._folder / "log"
            said = log.read_text()[-2000:] if log.exists() else "no log"
            raise RuntimeError(f"{program} failed with {done.returncode}: {said}")


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A running server that is stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="thenar-pg-", dir="/tmp"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, ACCOUNT)
        server = PostgresServer(folder)
        server.start()
        server.address = server.new_database()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
