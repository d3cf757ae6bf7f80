"""``thenar train``: learn a policy from the episodes of a task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.reporting import fail, show

if TYPE_CHECKING:
    from policies.train_plan import TrainPlan

CANCELLED_RC = 130  # as of a program ended by Ctrl+C


def train(
    dataset: Annotated[Path | None, typer.Argument(help="Dataset folder.")] = None,
    task: Annotated[str, typer.Option("--task", help="Only its episodes; else all.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the policy.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Choices as YAML; see --choices.")
    ] = None,
    chosen: Annotated[
        list[str] | None,
        typer.Option("--set", help="One choice, e.g. kind=flow or lr=3e-4; repeatable."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="Longest time of training.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint, if there is one.")
    ] = False,
    name: Annotated[str, typer.Option("--name", help="What people call it.")] = "",
    threads: Annotated[int, typer.Option("--threads", help="Of each process; else all.")] = 0,
    device: Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")] = "auto",
    workers: Annotated[int, typer.Option("--workers", help="Processes that share each batch.")] = 0,
    launcher: Annotated[str, typer.Option("--launcher", help="torchrun or ray.")] = "torchrun",
    ray: Annotated[str, typer.Option("--ray", help="Address of a Ray cluster.")] = "",
    choices: Annotated[
        bool, typer.Option("--choices", help="List every choice with its default.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train a policy. Ctrl+C writes a checkpoint; the same command with --resume goes on."""
    from recorder.progress import Cancelled

    if choices:
        show(_choices())
        return
    with fail():
        plan = _plan(
            dataset=dataset,
            out=out,
            task=task,
            name=name,
            config=_config(config, chosen or []),
            minutes=minutes,
            resume=resume,
            threads=threads,
            device=device,
            workers=workers,
            launcher=launcher,
            ray=ray,
        )
        try:
            made = _train(plan, quiet=as_json)
        except Cancelled as cancelled:
            show(str(cancelled), err=True)
            raise typer.Exit(CANCELLED_RC) from None
    show(json.dumps(made, indent=1) if as_json else _did(made))


def _train(plan: TrainPlan, quiet: bool) -> dict[str, Any]:
    from app.progress_bar import progress_bar
    from policies.training.launch import launch

    with progress_bar("looking at the dataset", quiet=quiet) as report:
        return launch(plan, report)


def _config(path: Path | None, chosen: list[str]):
    from policies.policy_config import load_config

    found: dict[str, str] = {}
    for text in chosen:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise ValueError(f"--set: '{text}' has no value; write e.g. kind=flow")
        found[key.strip()] = value.strip()
    return load_config(path, found)


def _plan(**choices: Any) -> TrainPlan:
    from pydantic import ValidationError

    from policies.train_plan import TrainPlan

    for key, option in (("dataset", "DATASET"), ("out", "--out FOLDER")):
        if choices[key] is None:
            raise ValueError(f"{option} is missing; e.g. thenar train ./demo --out ./policy")
    try:
        return TrainPlan.model_validate(choices)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"--{first['loc'][0]}: {first['msg']}") from None


def _choices() -> str:
    from policies.policy_config import PolicyConfig

    found = PolicyConfig().model_dump(mode="json")
    return "\n".join(f"{key}: {json.dumps(value)}" for key, value in found.items())


def _did(made: dict[str, Any]) -> str:
    how = {
        "finished": "all steps done",
        "early": "no gain any more",
        "time": "its time was up",
    }.get(made["state"], made["state"])
    return (
        f"policy '{made['out']}': {made['steps']} steps ({how}) in {made['elapsed_s']:.0f} s, "
        f"{made['parameters']:,} numbers, validation loss {made['validation_loss']:.4f} at step "
        f"{made['best_step']}\nread its card: {Path(made['out']) / 'card.md'}"
    )
