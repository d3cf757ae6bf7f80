"""``thenar labels``: what reviewers said and when, who reviews what, and whether it is whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.reporting import fail, show

if TYPE_CHECKING:
    from recorder.catalogue import EpisodeRow
    from recorder.dataset import Dataset
    from recorder.review.audit import AuditRow

cli = typer.Typer(
    name="labels",
    help="Labels of reviewers: show them, their history, deal out reviews, check journals.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DatasetArgument = Annotated[Path, typer.Argument(help="Dataset folder.")]
EpisodeArgument = Annotated[str, typer.Argument(help="Number, identity or file of the episode.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@cli.command(name="show", epilog="Example: thenar labels show ~/demos 12")
def show_labels(
    dataset: DatasetArgument,
    episode: EpisodeArgument,
    reviewer: Annotated[
        str, typer.Option("--reviewer", help="Who looks; written down under a blind review.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Print what everyone said about an episode, and what it adds up to; exit code 1 if damaged."""
    from recorder.dataset import open_dataset
    from recorder.review.final import final_labels
    from recorder.review.folding import state_as_json
    from recorder.review.store import read_intact, reviewers_of

    with fail():
        opened = open_dataset(dataset)
        row = _find(opened, episode)
        _note_look(opened, row, reviewer)
        final = final_labels(opened, row.uuid, row.outcome)
        read = {name: read_intact(opened, name, row.uuid) for name in reviewers_of(opened)}
    said = {name: state_as_json(state) for name, (state, _) in read.items() if state is not None}
    damaged = {name: problem for name, (_, problem) in read.items() if problem}
    facts = {
        "episode": row.uuid,
        "number": row.number,
        "operator_outcome": row.outcome,
        "final": {
            "by": final.by,
            "reviewers": final.reviewers,
            "disputed": final.disputed,
            "state": state_as_json(final.state),
        },
        "reviewers": said,
        "damaged": damaged,
    }
    if as_json:
        show(json.dumps(facts, indent=1))
        raise typer.Exit(1 if damaged else 0)
    show(f"episode {row.number} ({row.uuid}), the operator said {row.outcome}")
    show(f"final, by {final.by}" + _disputed(final.disputed))
    _show_state(facts["final"]["state"])
    for name, state in said.items():
        how = "finished" if state["accepted"] else "not finished"
        show(f"{name}, {'damaged: as far as it is whole' if name in damaged else how}")
        _show_state(state)
    raise typer.Exit(1 if damaged else 0)


@cli.command(epilog="Example: thenar labels audit ~/demos 12 --json")
def audit(dataset: DatasetArgument, episode: EpisodeArgument, as_json: JsonOption = False) -> None:
    """Print who changed which label of an episode when, from what to what."""
    from recorder.dataset import open_dataset
    from recorder.review.audit import audit_trail

    with fail():
        opened = open_dataset(dataset)
        rows = audit_trail(opened, _find(opened, episode).uuid)
    if as_json:
        show(json.dumps([asdict(row) for row in rows], indent=1))
        return
    if not rows:
        show("nobody has said anything about this episode")
    for row in rows:
        show(_audit_line(row))


@cli.command(epilog="Example: thenar labels assign ~/demos --reviewers R1,R2,R3 --per-episode 2")
def assign(
    dataset: DatasetArgument,
    reviewers: Annotated[
        str, typer.Option("--reviewers", help="Codes, never names, separated by commas.")
    ] = "",
    per_episode: Annotated[
        int, typer.Option("--per-episode", min=1, help="How many review each episode.")
    ] = 2,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed deals the same.")] = 0,
    is_open: Annotated[
        bool, typer.Option("--open", help="Reviewers see verdict, operator and each other.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Set an existing assignment aside.")
    ] = False,
    is_extended: Annotated[
        bool, typer.Option("--extend", help="Deal new episodes behind the existing assignment.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Deal the published episodes out to reviewers, each with an order of its own."""
    from recorder.catalogue import Catalogue
    from recorder.dataset import open_dataset
    from recorder.pseudonym import code_problem
    from recorder.review.assignment import assign as deal
    from recorder.review.assignment import extend, load_assignment, save_assignment

    with fail():
        opened = open_dataset(dataset)
        codes = [name.strip() for name in reviewers.split(",") if name.strip()]
        for code in codes:
            if problem := code_problem("reviewer", code):
                raise ValueError(problem)
        uuids = [row.uuid for row in Catalogue(opened).rows()]
        if is_extended:
            existing = load_assignment(opened)
            if existing is None:
                raise ValueError(f"dataset '{dataset}' has no assignment yet; leave --extend out")
            assignment = extend(existing, uuids)
        else:
            assignment = deal(uuids, codes, per_episode, seed, blind=not is_open)
        path = save_assignment(opened, assignment, replace or is_extended)
    if as_json:
        show(json.dumps(assignment.model_dump(mode="json"), indent=1))
        return
    for name in assignment.reviewers:
        show(f"{name}: {len(assignment.queue(name))} episodes")
    how = "blind" if assignment.blind else "open"
    show(
        f"{len(uuids)} episodes, {assignment.reviewers_per_episode} reviewers each, {how}, "
        f"seed {assignment.seed}: {path}"
    )


@cli.command(epilog="Example: thenar labels verify ~/demos")
def verify(dataset: DatasetArgument, as_json: JsonOption = False) -> None:
    """Check that no line of any journal was changed or removed; exit code 1 when one was."""
    from recorder.dataset import open_dataset
    from recorder.review.audit import verify_chains

    with fail():
        reports = verify_chains(open_dataset(dataset))
    broken = [report for report in reports if not report.ok]
    if as_json:
        facts = [asdict(report) | {"path": str(report.path)} for report in reports]
        show(json.dumps({"ok": not broken, "journals": facts}, indent=1))
    else:
        for report in broken:
            show(report.problem)
        lines = sum(report.lines for report in reports)
        show(f"{len(reports)} journals, {lines} lines, {len(broken)} damaged")
    raise typer.Exit(1 if broken else 0)


def _find(dataset: Dataset, episode: str) -> EpisodeRow:
    """The episode of a number, an identity or a file name."""
    from recorder.catalogue import Catalogue

    rows = Catalogue(dataset).rows(None)
    for row in rows:
        if episode == row.uuid or Path(episode).name == Path(row.path).name:
            return row
    for row in rows:
        if episode.isdecimal() and row.number == int(episode) and row.status == "published":
            return row
    raise LookupError(
        f"dataset '{dataset.root}' has no episode '{episode}'; give a number, an identity or a "
        "file of `thenar library list`"
    )


def _note_look(dataset: Dataset, row: EpisodeRow, reviewer: str) -> None:
    """Under a blind review that is not finished, write down who looks, or refuse."""
    from recorder.pseudonym import code_problem
    from recorder.review.assignment import load_assignment, may_see_others
    from recorder.review.schema import load_label_schemas, schema_for
    from recorder.review.store import ReviewStore

    assignment = load_assignment(dataset)
    if assignment is None or not assignment.blind:
        return
    blind = [
        name
        for name in assignment.reviewers_of(row.uuid)
        if not may_see_others(dataset, assignment, name, row.uuid)
    ]
    if reviewer and (problem := code_problem("reviewer", reviewer)):
        raise ValueError(problem)
    if blind and not reviewer:
        raise ValueError(
            f"episode {row.number} is still under blind review by {', '.join(blind)}; --reviewer "
            "with your code shows it, and a reviewer's look is written into the journal"
        )
    if reviewer in blind:
        schema = schema_for(load_label_schemas(dataset.root), row.task)
        ReviewStore(dataset, reviewer).open(row.uuid, schema).note_access("labels show")


def _disputed(lanes: tuple[str, ...]) -> str:
    return f"; disputed: {', '.join(lanes)}" if lanes else ""


def _show_state(state: dict[str, Any]) -> None:
    for lane, value in state.items():
        if isinstance(value, dict) and lane != "trim":
            for item in value.values():
                show(f"  {lane:<12} {_compact(item)}")
        elif value is not None:
            show(f"  {lane:<12} {_compact(value)}")


def _audit_line(row: AuditRow) -> str:
    who = f"{row.when}  {row.who}@{row.station}  {row.kind:<7}"
    if not row.lane:
        return f"{who}  {row.title}"
    item = f" {row.item}" if row.item else ""
    return f"{who}  {row.lane}{item}: {_compact(row.old)} -> {_compact(row.new)}"


def _compact(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
