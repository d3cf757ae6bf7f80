"""``thenar review``: the window without a hand, for labels, exports and statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.reporting import fail, show

ScaleOption = Annotated[
    float | None,
    typer.Option("--scale", min=0.8, max=2.0, help="Size of everything, remembered."),
]


def review(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder.")],
    reviewer: Annotated[
        str | None, typer.Option("--reviewer", help="Your code, e.g. R1; else the last one used.")
    ] = None,
    scale: ScaleOption = None,
) -> None:
    """Open a dataset for review; no hand is needed."""
    from app.launch import launch_review

    with fail():
        raise typer.Exit(
            launch_review(dataset, reviewer, scale, say=lambda text: show(text, err=True))
        )
