"""Runs ``benchmarks.window_load`` as a child and reads what it reports."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.session import REPOSITORY
from devices.clock import now_ns

START_LIMIT_S = 90.0
POLL_S = 0.02


@dataclass(frozen=True)
class Window:
    """What a window under load says of itself: its bus namespace and its processes' ids."""

    namespace: str
    pids: dict[str, int]


def run_window_load(
    rig: str,
    seconds: float,
    *,
    size: str = "1920x1080",
    during: Callable[[subprocess.Popen, Window], None] | None = None,
    folder: Path | None = None,
    take: bool = True,
) -> dict[str, Any]:
    """Open the window under a load and return the probe's figures.

    Parameters
    ----------
    rig : str
        ``load`` for prepared frames, else a rig's name.
    seconds : float
        Length of the measurement.
    size : str
        Window size in pixels.
    during : callable, optional
        Called with the child and what it says of itself when the measurement begins; the child
        stops measuring when it returns.
    folder : Path, optional
        Dataset folder; by default a temporary one that is deleted.
    take : bool
        Whether the window records a take all the while.

    Raises
    ------
    RuntimeError
        When the child fails; names its problem.
    """
    with tempfile.TemporaryDirectory(prefix="thenar-bench-") as scratch:
        report = Path(scratch) / "report.json"
        child = subprocess.Popen(
            [
                sys.executable, "-m", "benchmarks.window_load", "--rig", rig, "--seconds",
                str(seconds), "--report", str(report), "--size", size, "--started-ns",
                str(now_ns()), *([] if take else ["--no-take"]),
                *(["--folder", str(folder)] if folder else []),
            ],
            cwd=REPOSITORY,
            stdout=sys.stderr,
        )  # fmt: skip
        if during is not None:
            during(child, Window(**_wait_for(report, child)["window"]))
            report.with_suffix(".done").touch()
        code = child.wait(seconds + START_LIMIT_S + 120.0)
        figures = json.loads(report.read_text()) if report.is_file() else {}
    if code != 0 or figures.get("problem"):
        raise RuntimeError(f"the window under load failed: {figures.get('problem') or code}")
    figures.pop("problem", None)
    return figures


def _wait_for(report: Path, child: subprocess.Popen) -> dict[str, Any]:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and child.poll() is None:
        if report.is_file():
            return json.loads(report.read_text())
        time.sleep(POLL_S)
    raise RuntimeError("the window under load did not begin to measure")
