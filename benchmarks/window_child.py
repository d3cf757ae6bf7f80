"""Runs ``benchmarks.window_load`` as a child and reads what it reports."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.session import REPOSITORY
from devices.clock import now_ns

START_LIMIT_S = 90.0
POLL_S = 0.02


def run_window_load(
    rig: str,
    seconds: float,
    *,
    size: str = "1920x1080",
    during: Callable[[subprocess.Popen, str], None] | None = None,
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
        Called with the child and its bus namespace when the measurement begins.

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
                str(now_ns()),
            ],
            cwd=REPOSITORY,
            stdout=sys.stderr,
        )  # fmt: skip
        if during is not None:
            during(child, _wait_for(report, child)["namespace"])
        code = child.wait(seconds + START_LIMIT_S + 120.0)
        figures = json.loads(report.read_text()) if report.is_file() else {}
    if code != 0 or figures.get("problem"):
        raise RuntimeError(f"the window under load failed: {figures.get('problem') or code}")
    figures.pop("problem", None)
    figures.pop("episode", None)
    return figures


def _wait_for(report: Path, child: subprocess.Popen) -> dict[str, Any]:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and child.poll() is None:
        if report.is_file():
            return json.loads(report.read_text())
        time.sleep(POLL_S)
    raise RuntimeError("the window under load did not begin to measure")
