"""``thenar demonstrate``: episodes of a simulated task by its scripted demonstrator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.reporting import fail, show


def demonstrate(
    dataset: Annotated[Path, typer.Argument(help="Folder of episodes; made when absent.")],
    task: Annotated[str, typer.Option("--task", help="Simulated task, see `thenar tasks list`.")],
    count: Annotated[int, typer.Option("--count", min=1, help="Episodes to record.")] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the first start.")] = 0,
    rig: Annotated[str, typer.Option("--rig", help="Rig name or file.")] = "sim-xhand",
    size: Annotated[
        str, typer.Option("--size", help="Pictures, e.g. 96x96; else the rig's own size.")
    ] = "",
    operator_in_pictures: Annotated[
        bool,
        typer.Option(
            "--operator-in-pictures",
            help="Show the operator's hands, and record the truth without them beside it.",
        ),
    ] = False,
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="Record no cameras; much faster.")
    ] = False,
    failures: Annotated[
        bool, typer.Option("--failures", help="Keep failed demonstrations too, labelled so.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Record demonstrations of a simulated task, faster than real time."""
    from devices.rig import load_rig
    from policies.demonstrating import DemonstrationOrder, record_demonstrations
    from policies.tasks import find_task
    from recorder.dataset import open_dataset
    from recorder.progress import Progress

    def say(progress: Progress) -> None:
        show(f"{progress.what}", err=True)

    with fail():
        order = DemonstrationOrder(
            task=find_task(task), rig=load_rig(rig), count=count, seed=seed,
            picture_size=_size(size), pictures=not no_pictures, operator=operator_in_pictures,
            failures=failures,
        )  # fmt: skip
        order.tasked_rig()  # before a folder is made
        result = record_demonstrations(order, open_dataset(dataset, create=True), say)
    if as_json:
        show(json.dumps(result.as_dict(), indent=1))
    else:
        show(
            f"{len(result.episodes)} episodes in '{dataset}', {len(result.failed)} demonstrations "
            f"failed, {result.seconds:g} simulated seconds"
        )


def _size(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    width, by, height = text.partition("x")
    if not (by and width.isdigit() and height.isdigit() and min(int(width), int(height)) >= 16):
        raise ValueError(f"size '{text}' is not WIDTHxHEIGHT of at least 16 pixels, e.g. 96x96")
    return int(width), int(height)
