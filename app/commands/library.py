"""``thenar library``: list, count, rank and rebuild what a dataset holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.reporting import fail, show

if TYPE_CHECKING:
    from recorder.library.library import Library
    from recorder.library.rows import LibraryQuery, LibraryRow
    from recorder.progress import Progress

cli = typer.Typer(
    name="library",
    help="Episodes of a dataset: list, statistics, what to look at first, rebuild.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DatasetArgument = Annotated[Path, typer.Argument(help="Dataset folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TextOption = Annotated[
    str, typer.Option("--text", help="Words in task, instruction, note, operator or number.")
]
TaskOption = Annotated[list[str] | None, typer.Option("--task", help="May be repeated.")]
OperatorOption = Annotated[list[str] | None, typer.Option("--operator", help="May be repeated.")]
OutcomeOption = Annotated[list[str] | None, typer.Option("--outcome", help="May be repeated.")]
SourceOption = Annotated[list[str] | None, typer.Option("--source", help="May be repeated.")]
SinceOption = Annotated[str, typer.Option("--since", help="First day, YYYY-MM-DD (UTC).")]
UntilOption = Annotated[str, typer.Option("--until", help="Last day, YYYY-MM-DD (UTC).")]
LabelsOption = Annotated[
    str,
    typer.Option(
        "--labels", help="any, unreviewed, reviewed, disputed, rejected, kept or trimmed."
    ),
]
QualityLeastOption = Annotated[
    int | None, typer.Option("--quality-least", min=1, max=5, help="Quality from here up.")
]
QualityMostOption = Annotated[
    int | None, typer.Option("--quality-most", min=1, max=5, help="Quality up to here.")
]
GapsOption = Annotated[
    bool | None, typer.Option("--gaps/--no-gaps", help="Only with, or only without lost samples.")
]
LeastOption = Annotated[float | None, typer.Option("--length-least", help="Seconds.")]
MostOption = Annotated[float | None, typer.Option("--length-most", help="Seconds.")]


@cli.command(name="list", epilog="Example: thenar library list ~/demos --outcome failure --json")
def list_episodes(
    dataset: DatasetArgument,
    text: TextOption = "",
    task: TaskOption = None,
    operator: OperatorOption = None,
    outcome: OutcomeOption = None,
    source: SourceOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    quality_least: QualityLeastOption = None,
    quality_most: QualityMostOption = None,
    labels: LabelsOption = "any",
    gaps: GapsOption = None,
    length_least: LeastOption = None,
    length_most: MostOption = None,
    as_json: JsonOption = False,
) -> None:
    """List episodes that match every filter given."""
    with fail():
        query = _query(
            text=text,
            tasks=frozenset(task or ()),
            operators=frozenset(operator or ()),
            outcomes=frozenset(outcome or ()),
            sources=frozenset(source or ()),
            since=since,
            until=until,
            quality_least=quality_least,
            quality_most=quality_most,
            labels=labels,
            with_gaps=gaps,
            length_least_s=length_least,
            length_most_s=length_most,
        )
        rows = _library(dataset).rows(query)
    if as_json:
        show(json.dumps([_flat(row) for row in rows], indent=1))
        return
    for row in rows:
        episode, review = row.episode, row.review
        quality = "-" if review.quality is None else str(review.quality)
        show(
            f"{episode.number:>6}  {review.outcome:<17} {quality}  {episode.duration_s:7.1f} s  "
            f"{episode.gaps:>5} lost  {episode.operator_code:<8} {episode.task}"
        )
    show(f"{len(rows)} episodes", err=True)


@cli.command(epilog="Example: thenar library stats ~/demos --json")
def stats(dataset: DatasetArgument, task: TaskOption = None, as_json: JsonOption = False) -> None:
    """Counts, lengths, outcomes with Wilson intervals, gap rates and forces."""
    from recorder.library.statistics import make_statistics

    with fail():
        rows = _library(dataset).rows(_query(tasks=frozenset(task or ())))
        figures = make_statistics(rows)
    if as_json:
        show(json.dumps(figures.as_dict(), indent=1))
        return
    show(f"{figures.episodes} episodes, {figures.hours:.2f} h, {figures.reviewed} reviewed")
    for title, groups in (("task", figures.by_task), ("operator", figures.by_operator)):
        for group in groups:
            counts = ", ".join(f"{count} {word}" for word, count in group.counts.items())
            share = ""
            if group.share is not None and group.low is not None and group.high is not None:
                share = f"; success {group.share:.0%} (95 % {group.low:.0%} to {group.high:.0%})"
            show(f"{title} '{group.name}': {counts}{share}")


@cli.command(epilog="Example: thenar library triage ~/demos --most 20")
def triage(
    dataset: DatasetArgument,
    most: Annotated[int, typer.Option("--most", min=1, help="How many to show.")] = 50,
    task: TaskOption = None,
    labels: LabelsOption = "any",
    as_json: JsonOption = False,
) -> None:
    """Rank episodes that deserve a look, with the reasons."""
    from recorder.library.query import select
    from recorder.library.triage import triage as ranked

    with fail():
        rows = _library(dataset).rows()
        wanted = select(rows, _query(tasks=frozenset(task or ()), labels=labels))
        numbers = {row.episode.uuid for row in wanted}
        items = [item for item in ranked(rows) if item.row.episode.uuid in numbers][:most]
    if as_json:
        values = [
            {
                "rank": item.rank,
                "score": item.score,
                "reasons": list(item.reasons),
                **_flat(item.row),
            }
            for item in items
        ]
        show(json.dumps(values, indent=1))
        return
    for item in items:
        show(f"{item.rank:>4}  episode {item.row.episode.number:<6} {'; '.join(item.reasons)}")
    if not items:
        show("nothing stands out; `thenar library stats` shows how many lack an overview", err=True)


@cli.command(epilog="Example: thenar library rebuild ~/demos")
def rebuild(dataset: DatasetArgument, as_json: JsonOption = False) -> None:
    """Make the catalogue anew from episode files, labels and overviews."""
    with fail():
        count = _library(dataset).rebuild(_tell())
    show(json.dumps({"episodes": count}) if as_json else f"{count} episodes in the catalogue")


def _library(dataset: Path) -> Library:
    from recorder.dataset import open_dataset
    from recorder.library.library import Library

    return Library(open_dataset(dataset))


def _query(**fields: Any) -> LibraryQuery:
    from recorder.library.rows import OUTCOMES, LibraryQuery

    for outcome in fields.get("outcomes", ()):
        if outcome not in OUTCOMES:
            raise ValueError(
                f"--outcome: '{outcome}' is unknown; choose from {', '.join(OUTCOMES)}"
            )
    return LibraryQuery(**fields)


def _flat(row: LibraryRow) -> dict[str, Any]:
    return {
        **asdict(row.episode),
        "review": asdict(row.review),
        "figures": None if row.figures is None else asdict(row.figures),
    }


def _tell() -> Any:
    """A report that writes a line to stderr at every tenth of the work."""
    tenths: set[int] = set()

    def report(progress: Progress) -> None:
        tenth = int(10 * progress.done / progress.total) if progress.total else 10
        if tenth not in tenths:
            tenths.add(tenth)
            left = "" if progress.left_s is None else f", {progress.left_s:.0f} s left"
            show(f"{10 * tenth} % ({progress.what}{left})", err=True)

    return report
