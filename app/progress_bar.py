"""A bar on the terminal for long work; Ctrl+C and SIGTERM ask the work to end."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from recorder.progress import Cancelled, Progress, Report


@contextlib.contextmanager
def progress_bar(first: str, quiet: bool) -> Iterator[Report]:
    """Show a bar on stderr while the block runs.

    Parameters
    ----------
    first : str
        What is said before the first progress.
    quiet : bool
        Show nothing, but still end on Ctrl+C; so it is where there is no terminal.

    Yields
    ------
    callable
        A report that raises ``Cancelled`` once the person asked for the end.
    """
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        asked.append(number)

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %  {task.fields[left]}"),
    )
    console = Console(stderr=True)
    hidden = quiet or not console.is_terminal
    bar = Bar(*columns, console=console, transient=True, disable=hidden)
    task = bar.add_task(first, left="")

    def report(step: Progress) -> None:
        if asked:
            raise Cancelled("asked to end")
        left = "" if step.left_s is None else f"{duration(step.left_s)} left"
        what = step.what or first
        bar.update(task, completed=step.done, total=step.total, description=what, left=left)

    with _handled(ask), bar:
        yield report


def duration(seconds: float) -> str:
    """Minutes and seconds in words."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


@contextlib.contextmanager
def _handled(handler: Callable[[int, object], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
