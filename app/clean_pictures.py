"""The pictures of Clean in the documentation, from the real window.

``python -m app.clean_pictures --dataset FOLDER`` cleans what is not cleaned yet in a copy of the
dataset and saves the workspace with its views and overlays.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject

from app.actions import ActionId
from app.screenshots import SIZES, pictures
from app.session import REPOSITORY
from app.settings import Settings
from app.stepper import Stepper, Wait
from app.virtual_display import VirtualDisplay
from app.window import MainWindow
from app.window_start import run_window
from app.workspaces.clean import CleanWorkspace
from recorder.cleaning.job import run_clean
from recorder.cleaning.plan import CleanPlan

Shots = Callable[[str], Iterator[Wait]]  # saves the window under a name, at every size
INSIDE = 0.55  # share of an episode at which the operator moves the hand
STROKES = (
    (((0.05, 0.82), (0.2, 0.73)), True),  # on the arm, in shares of the picture
    (((0.4, 0.9), (0.6, 0.92)), False),  # on the table
)


class CleanPhotographer(QObject):
    """Goes through the views of Clean and saves each, then closes the window.

    Parameters
    ----------
    window : MainWindow
        On cleaned episodes, without a session.
    shots : callable
        Given a name, the steps that save the window.
    """

    def __init__(self, window: MainWindow, shots: Shots) -> None:
        super().__init__(window)
        self._window, self._shots = window, shots
        window.show_workspace("Clean")
        clean = window.active
        assert isinstance(clean, CleanWorkspace)
        self._clean = clean
        self.stepper = Stepper(self._steps(), window.close, self)

    def _steps(self) -> Iterator[Wait]:
        clean, perform = self._clean, self._window.perform
        yield Wait(lambda: all(row.state for row in clean.desk.rows.values()), 60.0, "the states")
        yield Wait(lambda: clean.player.clip is not None, 10.0, "an episode")
        clean.player.go_to(round(INSIDE * clean.player.clip.count))
        yield from self._shots("wipe")
        perform(ActionId.CLEAN_SIDE)
        yield from self._shots("side")
        perform(ActionId.CLEAN_ALONE)
        perform(ActionId.CLEAN_LAYERS)
        yield from self._shots("layers")
        perform(ActionId.CLEAN_LAYERS)
        perform(ActionId.CLEAN_WIPE)
        perform(ActionId.CLEAN_STROKE)
        width, height = clean.player.clip.clip.size
        for shares, operator in STROKES:
            line = tuple((x * width, y * height) for x, y in shares)
            clean.view.picture.stroke_drawn.emit(line, operator)
        yield from self._shots("drawing")


def main(argv: list[str] | None = None) -> int:
    """Save the pictures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "pictures")
    parser.add_argument("--dataset", type=Path, required=True, help="episodes with an operator")
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    runs: list[CleanPhotographer] = []

    def shots(name: str) -> Iterator[Wait]:
        return pictures(runs[0].parent(), options.out, f"clean-{name}", SIZES[:1])

    with tempfile.TemporaryDirectory(prefix="thenar-pictures-") as scratch, VirtualDisplay():
        root = Path(scratch) / "demos"
        shutil.copytree(options.dataset, root)
        run_clean(CleanPlan(dataset=root))
        run_window(
            None,
            Settings(reviewer="R1"),
            None,
            [],
            review_dataset=root,
            when_shown=lambda window: runs.append(CleanPhotographer(window, shots)),
            size=SIZES[0],
        )
    problem = runs[0].stepper.problem
    if problem:
        sys.stderr.write(f"thenar: clean: {problem}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
