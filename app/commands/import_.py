"""``thenar import``: bring a LeRobot v3 or robomimic dataset into the library for review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.reporting import fail, show

if TYPE_CHECKING:
    from recorder.importers.source import ImportFormat

FORMATS: dict[str, ImportFormat] = {
    "auto": "auto", "lerobot": "lerobot", "robomimic": "robomimic"
}  # fmt: skip


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
    from app.progress_bar import progress_bar
    from recorder.dataset import open_dataset
    from recorder.importers.job import run_import
    from recorder.progress import Cancelled

    with fail():
        wanted = FORMATS.get(format)
        if wanted is None:
            raise ValueError(f"format '{format}' is unknown; choose from {', '.join(FORMATS)}")
        try:
            with progress_bar("looking at the source", quiet=as_json) as report:
                target = open_dataset(dataset, create=True)
                result = run_import(source, target, wanted, report)
        except Cancelled:
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
