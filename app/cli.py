"""The command line: ``thenar`` or ``python -m app``.

Each command imports what it needs when it runs, so ``--help`` is instant and a missing display or
GL does not stop ``inspect`` or ``recover``. Errors are one sentence on stderr and exit code 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.agreement import agreement
from app.commands.clean import cli as clean
from app.commands.demonstrate import demonstrate
from app.commands.export import export
from app.commands.import_ import import_
from app.commands.labels import cli as labels
from app.commands.library import cli as library
from app.commands.policy import cli as policy
from app.commands.review import ScaleOption, review
from app.commands.shortcuts import shortcuts
from app.commands.tasks import cli as tasks
from app.commands.train import train
from app.reporting import fail, show

os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)  # some packages point Qt at their own plugins

BENCHMARKS = (
    "record",
    "control",
    "gui",
    "sim",
    "startup",
    "bus",
    "library",
    "player",
    "review",
    "preview",
    "clean",
    "policy",
)

cli = typer.Typer(
    name="thenar",
    help="Desktop workstation for teaching dexterous robot hands.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RigOption = Annotated[str, typer.Option("--rig", help="Rig name or path of a rig file.")]
DatasetOption = Annotated[
    Path | None, typer.Option("--dataset", help="Folder of episodes; made when absent.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]
EmulateOption = Annotated[
    bool, typer.Option("--emulate", help="Answer real drivers with emulators; no hardware needed.")
]
VideoOption = Annotated[
    Path | None, typer.Option("--video", help="Video file that stands in for the first camera.")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of simulators and scripts.")]


@cli.command(epilog="Example: thenar run --rig sim-xhand")
def run(
    rig: Annotated[
        str | None, typer.Option("--rig", help="Rig name or file; else the last one used.")
    ] = None,
    dataset: DatasetOption = None,
    emulate: EmulateOption = False,
    video: VideoOption = None,
    seed: SeedOption = 0,
    pictures: Annotated[
        Path | None, typer.Option("--pictures", help="Where a run without display saves pictures.")
    ] = None,
    scale: ScaleOption = None,
    task: Annotated[
        str, typer.Option("--task", help="Simulated task to put on the table and judge.")
    ] = "",
) -> None:
    """Open the window; without a display, record two demonstration takes and save pictures."""
    from app.launch import launch

    with fail():
        raise typer.Exit(
            launch(
                rig=rig,
                dataset=dataset,
                emulate=emulate,
                video=video,
                seed=seed,
                pictures=pictures,
                scale=scale,
                task=task,
                say=lambda text: show(text, err=True),
            )
        )


@cli.command(epilog="Example: thenar doctor --json")
def doctor(rig: RigOption = "sim-xhand", as_json: JsonOption = False) -> None:
    """Check display, GL, bus, disk, devices and versions; exit code 1 when something is broken."""
    from app.doctor import examine

    findings = examine(rig)
    if as_json:
        show(json.dumps([finding.as_dict() for finding in findings], indent=1))
    else:
        for finding in findings:
            show(finding.line())
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@cli.command(
    epilog="Example: thenar record --rig sim-xhand --operator scripted --mode kinesthetic "
    "--seconds 8 --episodes 1 --dataset ./demo --json"
)
def record(
    rig: RigOption = "sim-xhand",
    operator: Annotated[
        str, typer.Option("--operator", help="Who teaches; without a window only 'scripted'.")
    ] = "scripted",
    mode: Annotated[
        str, typer.Option("--mode", help="kinesthetic or exoskeleton.")
    ] = "kinesthetic",
    seconds: Annotated[float, typer.Option("--seconds", min=1.0, help="Length of a take.")] = 8.0,
    episodes: Annotated[int, typer.Option("--episodes", min=1, help="How many takes.")] = 1,
    dataset: DatasetOption = None,
    task: Annotated[str, typer.Option("--task", help="Task name, see resources/tasks.")] = "",
    seed: SeedOption = 0,
    emulate: EmulateOption = False,
    video: VideoOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record takes without a window, verify and publish them."""
    from app.headless import HeadlessDriver
    from app.opening import choose_dataset, open_session

    with fail():
        if operator != "scripted":
            raise ValueError(f"operator '{operator}' needs the window; use --operator scripted")
        if mode not in ("kinesthetic", "exoskeleton"):
            raise ValueError(f"mode '{mode}' is unknown; choose kinesthetic or exoskeleton")
        instruction = _instruction(task)
        session = open_session(
            rig, choose_dataset(dataset), seed=seed, emulate=emulate, video=video, task=task
        )
        with session:
            driver = HeadlessDriver(session, lambda text: show(text, err=True))
            driver.wait_ready()
            results = [
                driver.record(
                    "kinesthetic" if mode == "kinesthetic" else "exoskeleton",
                    seconds,
                    seed=seed + number,
                    task=task,
                    instruction=instruction,
                )
                for number in range(episodes)
            ]
    if as_json:
        show(json.dumps({"rig": rig, "episodes": [r.as_dict() for r in results]}, indent=1))
    else:
        for result in results:
            show(
                f"episode {result.episode}: {result.seconds:.1f} s, {result.samples} samples, "
                f"{result.lost_samples} lost, verified in {result.finalise_s:.1f} s: {result.path}"
            )
    for result in results:
        if result.problem:
            show(f"thenar: episode {result.episode} is short: {result.problem}", err=True)
    raise typer.Exit(1 if any(result.problem for result in results) else 0)


@cli.command(epilog="Example: thenar replay ./demo/episodes/episode_000000.h5 --speed 0.5")
def replay(
    episode: Annotated[Path, typer.Argument(help="Episode file.")],
    rig: Annotated[
        str | None, typer.Option("--rig", help="Rig; by default the one it was recorded on.")
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=0.1, max=1.0, help="Share of the recorded pace.")
    ] = 1.0,
    with_forces: Annotated[
        bool,
        typer.Option(
            "--with-forces/--position",
            help="Push each pad as far as it was pressed (open-loop), or repeat the pose only.",
        ),
    ] = False,
    record_dataset: Annotated[
        Path | None, typer.Option("--record", help="Record the replay into this dataset.")
    ] = None,
    emulate: EmulateOption = False,
    video: VideoOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the hand repeat an episode through the gate, eased in from where it is."""
    from app.replaying import replay_episode

    with fail():
        result = replay_episode(
            episode,
            rig=rig,
            speed=speed,
            with_forces=with_forces,
            dataset=record_dataset,
            emulate=emulate,
            video=video,
            say=lambda text: show(text, err=True),
        )
    show(json.dumps(result, indent=1) if as_json else result["summary"])


@cli.command(epilog="Example: thenar inspect ./demo/episodes/episode_000000.h5")
def inspect(
    episode: Annotated[Path, typer.Argument(help="Episode file.")], as_json: JsonOption = False
) -> None:
    """Print a one-page summary of an episode."""
    from recorder.inspect import inspect_episode

    with fail():
        summary = inspect_episode(episode)
        show(_json(asdict(summary)) if as_json else summary.text())


@cli.command(epilog="Example: thenar verify ./demo")
def verify(
    path: Annotated[Path, typer.Argument(help="Episode file or dataset folder.")],
    as_json: JsonOption = False,
) -> None:
    """Recheck every checksum and sequence number; exit code 1 when something is wrong."""
    from recorder.verify import verify_path

    with fail():
        findings = verify_path(path)
    broken = any(finding.level == "critical" for finding in findings)
    if as_json:
        show(_json({"ok": not broken, "findings": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            stream = f" [{finding.stream}]" if finding.stream else ""
            show(f"{finding.level:<8} {finding.path}{stream}: {finding.text}")
        show(f"'{path}' is damaged" if broken else f"'{path}' is as recorded: all checksums agree")
    raise typer.Exit(1 if broken else 0)


@cli.command(epilog="Example: thenar recover ./demo")
def recover(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder.")], as_json: JsonOption = False
) -> None:
    """Turn orphaned capture logs into episodes."""
    from recorder.recover import recover_dataset

    with fail():
        recovered = recover_dataset(dataset)
    if as_json:
        show(_json([asdict(item) for item in recovered]))
        return
    if not recovered:
        show(f"no orphaned logs in '{dataset}'")
    for item in recovered:
        if item.problem:
            show(f"'{item.log}' was left alone: {item.problem}")
        else:
            show(
                f"episode {item.number}: {item.samples} samples, {item.lost} lost, "
                f"{item.skipped_bytes} damaged bytes passed over: {item.path}"
            )


@cli.command(
    epilog="Example: thenar bench record --json",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BENCHMARKS)}.")],
    as_json: JsonOption = False,
) -> None:
    """Run a benchmark on this machine; further options go to the benchmark itself."""
    from app.session import REPOSITORY

    with fail():
        if name not in BENCHMARKS:
            raise ValueError(f"benchmark '{name}' is unknown; choose from {', '.join(BENCHMARKS)}")
    command = [sys.executable, "-m", f"benchmarks.{name}", *context.args]
    if as_json:
        command.append("--json")
    raise typer.Exit(subprocess.run(command, cwd=REPOSITORY, check=False).returncode)


cli.command(epilog="Example: thenar review ./demo --reviewer R1")(review)
cli.command(
    epilog="Example: thenar demonstrate ./demo --task press-the-plunger --count 50 --size 96x96"
)(demonstrate)
cli.command(epilog="Example: thenar export ./demo --to lerobot --out ./demo-lerobot")(export)
cli.command(name="import", epilog="Example: thenar import ./foreign --dataset ./demo")(import_)
cli.command(epilog="Example: thenar agreement ./demo --html agreement.html")(agreement)
cli.command(epilog="Example: thenar shortcuts --markdown")(shortcuts)
cli.command(epilog="Example: thenar train ./demo --out ./policy --set kind=flow")(train)
cli.add_typer(labels, name="labels")
cli.add_typer(clean, name="clean")
cli.add_typer(library, name="library")
cli.add_typer(policy, name="policy")
cli.add_typer(tasks, name="tasks")


def _json(value: object) -> str:
    """Indented JSON; paths become text."""
    return json.dumps(value, indent=1, default=str)


def _instruction(task_name: str) -> str:
    """Language instruction of a task; empty for free play."""
    if not task_name:
        return ""
    from policies.tasks import load_tasks

    tasks = {task.name: task for task in load_tasks()}
    if task_name not in tasks:
        raise ValueError(f"task '{task_name}' is unknown; known tasks: {', '.join(tasks)}")
    return tasks[task_name].instruction


def main() -> None:
    """Entry point of the console script."""
    cli()
