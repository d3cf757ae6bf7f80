"""``thenar import``: bring a LeRobot v3 or robomimic dataset into the library for review."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.reporting import fail, show

if TYPE_CHECKING:
    from recorder.importers.source import ImportFormat
    from recorder.progress import Progress

FORMATS: dict[str, ImportFormat] = {
    "auto": "auto", "lerobot": "lerobot", "robomimic": "robomimic"
}  # fmt: skip
REPORT_EVERY_S = 1.0  # to a terminal; more would scroll past unread


def import_(
    source: Annotated[
        Path, typer.Argument(help="LeRobot v3 folder, a zip of one, or a robomimic HDF5 file.")
    ],
    dataset: Annotated[
        Path, typer.Option("--dataset", help="Folder of episodes; made when absent.")
    ],
    format: Annotated[  # noqa: A002
        str, typer.Option("--format", help="auto, lerobot or robomimic.")
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Import another program's dataset for review; run again, it goes on where it ended."""
    from recorder.dataset import open_dataset
    from recorder.importers.job import run_import
    from recorder.progress import Cancelled

    with fail():
        wanted = FORMATS.get(format)
        if wanted is None:
            raise ValueError(f"format '{format}' is unknown; choose from {', '.join(FORMATS)}")
        try:
            result = run_import(source, open_dataset(dataset, create=True), wanted, _Progress())
        except (KeyboardInterrupt, Cancelled):
            show(
                "thenar: import ended; whole episodes stay, the same command goes on from there",
                err=True,
            )
            raise typer.Exit(130) from None
    if as_json:
        show(json.dumps(result.as_dict(), indent=1))
    else:
        show(
            f"{len(result.episodes)} episodes imported from {result.format}, "
            f"{len(result.skipped)} were there before, {len(result.problems)} left out"
        )
    for problem in result.problems:
        show(f"thenar: {problem}", err=True)
    raise typer.Exit(1 if result.problems else 0)


class _Progress:
    """Says how far the import is, once a second, on stderr."""

    def __init__(self) -> None:
        self._last_s = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now_s = time.monotonic()
        if now_s - self._last_s < REPORT_EVERY_S:
            return
        self._last_s = now_s
        share = progress.done / max(1.0, progress.total)
        left = "" if progress.left_s is None else f", about {progress.left_s:.0f} s left"
        show(f"{share:4.0%} {progress.what}{left}", err=True)
