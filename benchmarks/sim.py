"""The ``sim`` figures: ``sim-xhand`` with both cameras, window open, a scripted take running."""

from __future__ import annotations

from benchmarks.machine import parser, report
from benchmarks.window_child import run_window_load

TARGETS = {"real_time_factor": ">= 0.99", "camera_rate_min_hz": ">= 20"}


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 20.0)
    options.add_argument("--rig", default="sim-xhand", help="simulated rig")
    options.add_argument("--size", default="1280x800", help="window size in pixels")
    chosen = options.parse_args()
    figures = run_window_load(chosen.rig, chosen.seconds, size=chosen.size)
    report("sim", {"rig": chosen.rig, "window": chosen.size, **figures}, TARGETS, chosen.json)


if __name__ == "__main__":
    main()
