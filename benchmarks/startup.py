"""The ``startup`` figure: from starting the program until every stream is live in the window."""

from __future__ import annotations

import statistics

from benchmarks.machine import parser, report
from benchmarks.window_child import run_window_load

TARGETS = {"window_live_s": "<= 6"}


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 0.0)
    options.add_argument("--rig", default="sim-xhand", help="rig to open")
    options.add_argument("--repeats", type=int, default=3, help="how many starts")
    chosen = options.parse_args()
    starts = [
        run_window_load(chosen.rig, 0.0, size="1280x800")["window_live_s"]
        for _ in range(chosen.repeats)
    ]
    figures = {
        "rig": chosen.rig,
        "window_live_s": statistics.median(starts),
        "window_live_worst_s": max(starts),
        "starts": chosen.repeats,
    }
    report("startup", figures, TARGETS, chosen.json)


if __name__ == "__main__":
    main()
