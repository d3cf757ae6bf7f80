"""What a figure was measured on, and how a benchmark reports."""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import Any

import psutil


def describe_machine() -> dict[str, Any]:
    """Processor, cores, memory, kernel and load of this machine."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_1min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def parser(description: str, seconds: float) -> argparse.ArgumentParser:
    """Options every benchmark has."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--seconds", type=float, default=seconds, help="length of the measurement")
    options.add_argument("--json", action="store_true", help="print JSON only")
    return options


def report(name: str, figures: dict[str, Any], targets: dict[str, Any], as_json: bool) -> None:
    """Print the figures, their targets and the machine.

    Parameters
    ----------
    name : str
        Benchmark name.
    figures : dict
        Measured values; keys carry their unit.
    targets : dict
        Value to reach for some of the keys, as text such as ``"<= 2"``.
    as_json : bool
        JSON for machines, a small table for people.
    """
    result = {
        "benchmark": name,
        "figures": figures,
        "targets": targets,
        "machine": describe_machine(),
    }
    if as_json:
        print(json.dumps(result, indent=1))
        return
    for key, value in figures.items():
        target = f"   (to reach: {targets[key]})" if key in targets else ""
        print(f"{key:<34} {value}{target}")
