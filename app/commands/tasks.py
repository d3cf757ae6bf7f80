"""``thenar tasks``: the task suite, and what its simulated tasks are worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.reporting import fail, show

cli = typer.Typer(help="The task list and the simulated task suite.", no_args_is_help=True)


@cli.command(name="list", epilog="Example: thenar tasks list --json")
def list_tasks(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the tasks with their group and success test."""
    from policies.tasks import load_tasks

    with fail():
        tasks = load_tasks()
    if as_json:
        show(json.dumps([task.model_dump(mode="json", by_alias=True) for task in tasks], indent=1))
        return
    for task in tasks:
        test = "" if task.scene is None else task.scene.success.test
        show(f"{task.name:<24} {task.group:<12} {test:<8} {task.title}")


@cli.command(epilog="Example: thenar tasks check --task press-the-plunger --trials 50 --json")
def check(
    task: Annotated[
        list[str] | None, typer.Option("--task", help="Task name; repeatable; else all simulated.")
    ] = None,
    trials: Annotated[int, typer.Option("--trials", min=1, help="Start states per task.")] = 50,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the first start.")] = 1000,
    rig: Annotated[str, typer.Option("--rig", help="Rig name or file.")] = "sim-xhand",
    gain: Annotated[
        float, typer.Option("--gain", min=0.0, help="Times the hand's K in the force arm.")
    ] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Demonstrate, replay the measured joints, replay them with forces; all simulated."""
    from devices.rig import load_rig
    from policies.task_check import ARMS, check_task
    from policies.tasks import find_task, simulated_tasks

    found: dict[str, dict[str, object]] = {}
    with fail():
        tasks = [find_task(name) for name in task] if task else list(simulated_tasks())
        loaded = load_rig(rig)
        for one in tasks:
            results = check_task(one, loaded, range(seed, seed + trials), gain)
            found[one.name] = {"group": one.group} | {
                arm: results[arm].as_dict() for arm in ARMS
            }  # fmt: skip
            if not as_json:
                rates = "  ".join(
                    f"{arm} {results[arm].successes}/{results[arm].trials}" for arm in ARMS
                )
                show(f"{one.name:<24} {one.group:<12} {rates}")
    if as_json:
        about = {"simulated": True, "rig": rig, "trials": trials, "first_seed": seed, "gain": gain}
        show(json.dumps(about | {"tasks": found}, indent=1))


@cli.command(epilog="Example: thenar tasks pictures docs/pictures")
def pictures(
    folder: Annotated[Path, typer.Argument(help="Where task-<name>.png goes.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the start.")] = 3,
    rig: Annotated[str, typer.Option("--rig", help="Rig name or file.")] = "sim-xhand",
) -> None:
    """Draw every simulated task: start, contact with the operator's hands, end."""
    from devices.rig import load_rig
    from policies.task_pictures import save_task_pictures
    from policies.tasks import simulated_tasks

    with fail():
        for file in save_task_pictures(simulated_tasks(), load_rig(rig), folder, seed):
            show(str(file))
