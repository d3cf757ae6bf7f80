"""Memory of cleaning the recorded clip so many times over: ``python -m benchmarks.clean_length 5``.

A process of its own, because the peak of a process never falls; read from ``/proc``, because what
``getrusage`` says of a child begins with its parent's. Prints MB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.clean_baselines import make_filler
from benchmarks.clean_real import MaskArray, RealClip, RepeatedClip
from recorder.cleaning.parameters import CleanParameters

FRAMES = 40  # filled of each repetition; all are looked through


def peak_mb(times: int) -> float:
    """Clean the clip ``times`` times over in this process; its peak memory, MB."""
    real = RealClip()
    long = RepeatedClip(real.video, times)
    filler = make_filler("layers", long, MaskArray(real.masks, times), CleanParameters())
    filler.prepare()
    for index in range(FRAMES * times):
        filler.fill(index)
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def peak_of_child_mb(times: int) -> float:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.clean_length", str(times)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Entry point."""
    options = argparse.ArgumentParser(description="peak memory of cleaning, MB")
    options.add_argument("times", type=int, help="how many times over the clip is taken")
    sys.stdout.write(f"{peak_mb(options.parse_args().times):.0f}\n")


if __name__ == "__main__":
    main()
