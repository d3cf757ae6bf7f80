"""The ``gui`` figures: the Record workspace under the recording load, while a take runs."""

from __future__ import annotations

from benchmarks.machine import parser, report
from benchmarks.window_child import run_window_load

TARGETS = {
    "gui_fps": ">= 25",
    "stamp_to_painted_p95_ms": "<= 60",
    "loop_block_max_ms": "<= 100",
    "lost_samples": "0",
}


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 30.0)
    options.add_argument("--size", default="1920x1080", help="window size in pixels")
    chosen = options.parse_args()
    figures = run_window_load("load", chosen.seconds, size=chosen.size)
    report("gui", {"window": chosen.size, **figures}, TARGETS, chosen.json)


if __name__ == "__main__":
    main()
