"""``thenar export``: a dataset in the format that training code reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.reporting import fail, show

if TYPE_CHECKING:
    from recorder.exporters.plan import ExportPlan

OPTIONS = {"format": "--to", "rate_hz": "--rate", "action": "--action", "alignment": "--align"}
CANCELLED_RC = 130  # as of a program ended by Ctrl+C


def export(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder.")],
    to: Annotated[str, typer.Option("--to", help="lerobot, robomimic, umi, mcap or csv.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to make; must not exist.")],
    rate: Annotated[int, typer.Option("--rate", help="Rows per second.")] = 30,
    cameras: Annotated[
        str | None,
        typer.Option("--cameras", help="Streams, e.g. front/rgb,wrist/rgb; '' for none; else all."),
    ] = None,
    action: Annotated[
        str, typer.Option("--action", help="auto, sent, next_measured, next_measured_with_force.")
    ] = "auto",
    size: Annotated[str, typer.Option("--size", help="Pictures, e.g. 320x240; else theirs.")] = "",
    episodes: Annotated[
        str, typer.Option("--episodes", help="Numbers, e.g. 0-9,12; else all not rejected.")
    ] = "",
    outcome: Annotated[
        str, typer.Option("--outcome", help="Only these final outcomes, e.g. success.")
    ] = "",
    align: Annotated[
        list[str] | None,
        typer.Option("--align", help="Policy of a kind or stream, e.g. joints=hold; repeatable."),
    ] = None,
    no_trim: Annotated[bool, typer.Option("--no-trim", help="Keep what was trimmed.")] = False,
    include_rejected: Annotated[
        bool, typer.Option("--include-rejected", help="Export rejected episodes too.")
    ] = False,
    hide_people: Annotated[
        bool, typer.Option("--hide-people", help="No operator codes, reviewers or notes.")
    ] = False,
    png: Annotated[
        bool, typer.Option("--png", help="LeRobot: PNG pictures instead of video.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be exported.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Export episodes for training. Ctrl+C cancels; the same command goes on from there."""
    from app.progress_bar import progress_bar
    from recorder.exporters.job import partial_folder, run_export
    from recorder.exporters.selection import select_episodes
    from recorder.progress import Cancelled

    with fail():
        plan = _plan(
            dataset=dataset,
            out=out,
            format=to,
            episodes=_numbers(episodes),
            rate_hz=rate,
            cameras=None if cameras is None else _listed(cameras),
            image_size=_size(size),
            action=action,
            alignment=_policies(align or []),
            trim=not no_trim,
            include_rejected=include_rejected,
            require_outcome=_listed(outcome),
            hide_people=hide_people,
            video_images=not png,
        )
        try:
            with progress_bar("looking at the dataset", quiet=as_json) as report:
                if dry_run:
                    made = select_episodes(plan, report).as_dict()
                else:
                    made = run_export(plan, report).as_dict()
        except Cancelled:
            kept = partial_folder(plan)
            show(_cancelled(kept), err=True)
            raise typer.Exit(CANCELLED_RC) from None
    if as_json:
        show(json.dumps(made, indent=1))
    elif dry_run:
        show(_would(made, plan))
    else:
        show(_did(made))


def _plan(**choices: Any) -> ExportPlan:
    from pydantic import ValidationError

    from recorder.exporters.plan import ExportPlan

    try:
        return ExportPlan.model_validate(choices)
    except ValidationError as error:
        first = error.errors()[0]
        where = OPTIONS.get(str(first["loc"][0]) if first["loc"] else "", "")
        said = str(first["msg"]).removeprefix("Value error, ")
        raise ValueError(f"{where}: {said}" if where else said) from None


def _cancelled(kept: Path) -> str:
    if not kept.exists():
        return "cancelled; nothing was written"
    return (
        f"cancelled; finished episodes are kept in '{kept}': the same command goes on from there, "
        "and deleting that folder forgets them"
    )


def _would(made: dict[str, Any], plan: ExportPlan) -> str:
    lines = [
        f"would export {made['episodes']} episodes, {made['rows']} rows at {plan.rate_hz} Hz, "
        f"about {made['bytes'] / 1e6:.0f} MB ({made['free'] / 1e9:.1f} GB free)",
        f"action       {made['action']}",
    ]
    lines += [f"camera       {name} {w} x {h}" for name, (w, h) in made["cameras"].items()]
    return "\n".join(lines + _left_out(made))


def _did(made: dict[str, Any]) -> str:
    lines = [
        f"{made['episodes']} episodes, {made['rows']} rows, {made['bytes'] / 1e6:.1f} MB "
        f"in '{made['out']}'"
    ]
    if made["resumed"]:
        lines.append(f"{made['resumed']} episodes were finished before and kept")
    repeated = {name: count for name, count in made["repeated"].items() if count}
    lines += [f"repeated     {name}: {count} rows, marked" for name, count in repeated.items()]
    return "\n".join(lines + _left_out(made))


def _left_out(made: dict[str, Any]) -> list[str]:
    return [f"left out     episode {one['episode']}: {one['reason']}" for one in made["skipped"]]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _numbers(text: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in _listed(text):
        first, dash, last = part.partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise ValueError(f"--episodes: '{part}' is no number or range; write e.g. 0-9,12")
        stop = int(last) if dash else int(first)
        if stop < int(first):
            raise ValueError(f"--episodes: range '{part}' runs backwards")
        numbers += range(int(first), stop + 1)
    return tuple(dict.fromkeys(numbers))


def _size(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise ValueError(f"--size: '{text}' is no size; write e.g. 320x240")
    return int(width), int(height)


def _policies(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for name, equals, policy in pairs:
        if not (name and equals and policy):
            raise ValueError(f"--align: '{name}' needs a policy; write e.g. joints=hold")
    return {name.strip(): policy.strip() for name, _, policy in pairs}
