"""``thenar clean``: take the operator out of recorded pictures; accept, send back, list results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from app.commands.clean_plugins import plugins
from app.reporting import fail, show

if TYPE_CHECKING:
    import click

    from recorder.cleaning.plan import CleanPlan
    from recorder.cleaning.result import CleanedInfo
    from recorder.cleaning.verdict import CleanState
    from recorder.dataset import Dataset

CANCELLED_RC = 130  # as of a program ended by Ctrl+C
OPTIONS = {
    "dilation_px": "--dilation",
    "workers": "--workers",
    "memory_gib": "--memory",
    "pictures": "--lossless",
}


class _RunWhenNothingElse(TyperGroup):
    """``thenar clean DATASET`` is ``thenar clean run DATASET``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


cli = typer.Typer(
    name="clean",
    cls=_RunWhenNothingElse,
    help="Take the operator out of recorded pictures. Example: thenar clean demo --episodes 0-9",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DatasetArgument = Annotated[Path, typer.Argument(help="Dataset folder.")]
CameraOption = Annotated[
    str, typer.Option("--camera", help="Streams, e.g. front/rgb,wrist/rgb.", metavar="STREAMS")
]
EpisodesOption = Annotated[str, typer.Option("--episodes", help="Numbers, e.g. 0-9,12; else all.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
WhoOption = Annotated[str, typer.Option("--who", help="Code of the person, e.g. P01.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why, in a few words.")]


@cli.command(epilog="Example: thenar clean ~/demos --camera front/rgb --workers 2")
def run(
    dataset: DatasetArgument,
    camera: CameraOption = "front/rgb",
    episodes: EpisodesOption = "",
    masks: Annotated[
        list[str] | None,
        typer.Option(
            "--masks", help="automatic, keyframes, plugin:ID, or a video or folder of masks."
        ),
    ] = None,
    filler: Annotated[str, typer.Option("--filler", help="layers or plugin:ID.")] = "",
    mode: Annotated[str, typer.Option("--mode", help="static or moving; else by mount.")] = "",
    dilation: Annotated[int | None, typer.Option("--dilation", help="Pixels.")] = None,
    shadow: Annotated[int | None, typer.Option("--shadow", help="Pixels.")] = None,
    chosen: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any parameter, e.g. plate_frames=40; repeatable."),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", help="Processes.")] = 1,
    ray: Annotated[
        str, typer.Option("--ray", help="Address of a Ray cluster, e.g. auto; or local.")
    ] = "",
    memory: Annotated[
        float, typer.Option("--memory", help="GiB a process may take; 0 for no limit.")
    ] = 3.0,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="Store PNG instead of JPEG 95.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also what was cleaned with the same choices.")
    ] = False,
    who: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Clean the episodes of a dataset. Ctrl+C cancels; the same command goes on from there."""
    from app.progress_bar import progress_bar
    from recorder.cleaning.job import run_clean
    from recorder.progress import Cancelled

    with fail():
        masks_name, masks_from = _masks(masks or [])
        parameters = _parameters(chosen or [])
        parameters |= {
            name: value
            for name, value in (
                ("masks", masks_name),
                ("filler", filler),
                ("mode", mode),
                ("dilation_px", dilation),
                ("shadow_px", shadow),
            )
            if value not in ("", None)
        }
        plan = _plan(
            dataset=dataset,
            cameras=_listed(camera),
            episodes=_numbers(episodes),
            parameters=parameters,
            masks_from=masks_from,
            pictures="png" if lossless else "jpeg",
            again=again,
            workers=workers,
            ray=ray,
            memory_gib=memory,
            who=who,
        )
        try:
            with progress_bar("looking at the dataset", quiet=as_json) as report:
                made = run_clean(plan, report).as_dict()
        except Cancelled as cancelled:
            show(str(cancelled), err=True)
            raise typer.Exit(CANCELLED_RC) from None
    show(json.dumps(made, indent=1) if as_json else _did(made))
    raise typer.Exit(1 if made["failed"] else 0)


@cli.command(name="list", epilog="Example: thenar clean list ~/demos")
def list_results(dataset: DatasetArgument, as_json: JsonOption = False) -> None:
    """List cleaned videos with their state, how much was guessed, warnings, and what failed."""
    from recorder.cleaning.failures import failures
    from recorder.cleaning.result import cleaned_results
    from recorder.dataset import open_dataset

    with fail():
        opened = open_dataset(dataset)
        found, damaged = cleaned_results(opened)
        failed = failures(opened)
    if as_json:
        listed = {
            "results": [_as_dict(one) for one in found],
            "damaged": damaged,
            "failed": [one.model_dump() for one in failed],
        }
        show(json.dumps(listed, indent=1))
    else:
        for one in found:
            show(_line(one))
            if one.facts.replay:
                show(f"    {one.facts.replay}")
            for warning in one.facts.warnings:
                if warning != one.facts.replay:
                    show(f"    {warning}")
        for sentence in damaged:
            show(f"damaged      {sentence}")
        for one in failed:
            show(f"failed       episode {one.number} {one.camera}: {one.error}")
        if not found and not damaged and not failed:
            show(f"nothing was cleaned in '{dataset}' yet")
    raise typer.Exit(1 if damaged or failed else 0)


@cli.command(epilog="Example: thenar clean accept ~/demos --episodes 0-9 --who P01")
def accept(
    dataset: DatasetArgument,
    camera: CameraOption = "front/rgb",
    episodes: EpisodesOption = "",
    who: WhoOption = "",
    note: NoteOption = "",
) -> None:
    """Accept cleaned videos."""
    _say(dataset, camera, episodes, "accepted", who, note)


@cli.command(epilog="Example: thenar clean redo ~/demos --episodes 7 --note 'thumb is left'")
def redo(
    dataset: DatasetArgument,
    camera: CameraOption = "front/rgb",
    episodes: EpisodesOption = "",
    who: WhoOption = "",
    note: NoteOption = "",
) -> None:
    """Send cleaned videos back; the next run makes them again."""
    _say(dataset, camera, episodes, "redo", who, note)


cli.command(epilog="Example: thenar clean plugins --prepare propainter --checkout ~/ProPainter")(
    plugins
)


def _say(dataset: Path, camera: str, episodes: str, state: CleanState, who: str, note: str) -> None:
    from recorder.cleaning.place import ResultPlace
    from recorder.cleaning.verdict import say
    from recorder.dataset import open_dataset

    with fail():
        opened = open_dataset(dataset)
        for one in _results(opened, _listed(camera), _numbers(episodes)):
            say(ResultPlace(opened, one.uuid, one.camera), one.digest, state, who, note)
            show(f"{one.facts.source_name} {one.camera}: {state}")


def _results(
    dataset: Dataset, cameras: tuple[str, ...], numbers: tuple[int, ...]
) -> list[CleanedInfo]:
    from recorder.cleaning.result import cleaned_results
    from recorder.dataset import episode_number

    found = [one for one in cleaned_results(dataset)[0] if one.camera in cameras]
    by_number = {episode_number(Path(one.facts.source_name)): one for one in found}
    missing = [number for number in numbers if number not in by_number]
    if missing:
        raise LookupError(f"episode {missing[0]} has no cleaned video of {', '.join(cameras)}")
    if not found:
        raise LookupError(f"nothing was cleaned for {', '.join(cameras)} yet")
    wanted = set(numbers)
    return [
        one for one in found if not wanted or episode_number(Path(one.facts.source_name)) in wanted
    ]


def _masks(given: list[str]) -> tuple[str, Path | None]:
    """Name of the masks and where imported ones lie: ``imported PATH`` or just ``PATH``."""
    if not given:
        return "", None
    if len(given) > 1:
        raise ValueError("--masks: give it once")
    name = given[0]
    if name in ("automatic", "keyframes") or name.startswith("plugin:"):
        return name, None
    path = Path(name.removeprefix("imported").lstrip(" :=") or name)
    if not path.exists():
        raise ValueError(
            f"--masks: '{name}' is neither automatic, keyframes, plugin:ID nor a file or folder"
        )
    return "imported", path


def _parameters(chosen: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in chosen:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise ValueError(f"--set: '{text}' has no value; write e.g. plate_frames=40")
        found[name.strip()] = value.strip()
    return found


def _plan(**choices: Any) -> CleanPlan:
    from pydantic import ValidationError

    from recorder.cleaning.plan import CleanPlan

    try:
        return CleanPlan.model_validate(choices)
    except ValidationError as error:
        first = error.errors()[0]
        where = str(first["loc"][0]) if first["loc"] else ""
        raise ValueError(f"{OPTIONS.get(where, where)}: {first['msg']}") from None


def _did(made: dict[str, Any]) -> str:
    lines = [f"{made['cleaned']} cleaned, {made['frames']} pictures"]
    if made["finished_before"]:
        lines.append(f"{made['finished_before']} were finished before and kept")
    for one in made["outcomes"]:
        name = f"episode {one['number']} {one['camera']}"
        if one["outcome"] == "failed":
            lines.append(f"failed       {name}: {one['error']}")
        lines += [f"look at      {name}: {warning}" for warning in one["warnings"]]
    return "\n".join(lines)


def _line(one: CleanedInfo) -> str:
    figures = one.facts.figures
    guessed = 100 * figures.get("share_residue", 0.0)
    said = f" by {one.verdict.who}" if one.verdict.who and one.state != "proposed" else ""
    return (
        f"{one.facts.source_name} {one.camera}: {one.state}{said}, {one.facts.method}, "
        f"{one.facts.frames} pictures, {guessed:.1f} % guessed"
    )


def _as_dict(one: CleanedInfo) -> dict[str, Any]:
    return {
        "path": str(one.path),
        "state": one.state,
        "who": one.verdict.who,
        "when": one.verdict.when,
        "note": one.verdict.note,
        "facts": one.facts.model_dump(mode="json"),
    }


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
