"""The pictures of Clean in the documentation, from the real window.

Part of ``make screenshots``. What is not cleaned yet is cleaned in a copy of the dataset, and the
workspace is saved with its views and overlays, and with the camera on the wrist.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject

from app.actions import ActionId
from app.review_takes import Take, record_takes
from app.session import SessionError
from app.settings import Settings
from app.stepper import Stepper, Wait
from app.window import MainWindow
from app.window_pictures import SIZES, pictures
from app.window_start import run_window
from app.workspaces.clean import CleanWorkspace
from recorder.cleaning.clip import CleanError
from recorder.cleaning.job import run_clean
from recorder.cleaning.plan import CleanPlan
from recorder.dataset import open_dataset
from recorder.overview.store import make_missing

Shots = Callable[[str], Iterator[Wait]]  # saves the window under a name, at every size
TAKES: tuple[Take, ...] = (
    ("kinesthetic", 7.0, "pick-up-the-ball", "P01"),
    ("kinesthetic", 6.0, "pinch-the-cylinder", "P02"),
)
INSIDE = 0.55  # share of an episode at which the operator moves the hand
Strokes = tuple[tuple[tuple[tuple[float, float], ...], bool], ...]  # in shares of the picture
STROKES: Strokes = (
    (((0.05, 0.9), (0.22, 0.82)), True),  # on the arm
    (((0.4, 0.9), (0.6, 0.92)), False),  # on the table
)
WRIST_STROKES: Strokes = ((((0.74, 0.42), (0.95, 0.45)), True), (((0.3, 0.8), (0.7, 0.9)), False))


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
        self._draw(STROKES)
        yield from self._found("drawing")
        clean.set_camera("wrist/rgb")
        clean.player.go_to(round(INSIDE * clean.player.clip.count))
        self._draw(WRIST_STROKES)
        yield from self._found("wrist")

    def _draw(self, strokes: Strokes) -> None:
        width, height = self._clean.player.clip.clip.size
        for shares, operator in strokes:
            line = tuple((x * width, y * height) for x, y in shares)
            self._clean.view.picture.stroke_drawn.emit(line, operator)

    def _found(self, name: str) -> Iterator[Wait]:
        """Save the window once the mask of what was drawn is found."""
        yield Wait(lambda: not self._clean.player.masks.working, 20.0, "the mask")
        yield from self._shots(name)


def photograph_clean(dataset: Path | None, folder: Path) -> str:
    """Save the pictures of Clean into ``folder``; returns what went wrong, empty for nothing.

    Parameters
    ----------
    dataset : Path or None
        Episodes with an operator, copied first; None records some in the simulated world.
    folder : Path
    """
    runs: list[CleanPhotographer] = []

    def begin(window: MainWindow) -> None:
        def shots(name: str) -> Iterator[Wait]:
            return pictures(window, folder, f"clean-{name}", SIZES[:1])

        runs.append(CleanPhotographer(window, shots))

    with tempfile.TemporaryDirectory(prefix="thenar-pictures-") as scratch:
        root = Path(scratch) / "demos"
        try:
            if dataset is not None:
                shutil.copytree(dataset, root)
            else:
                record_takes(root, TAKES)
            run_clean(CleanPlan(dataset=root))
            make_missing(open_dataset(root))  # or the window begins to, in the pictures
        except (SessionError, CleanError) as error:
            return str(error)
        settings = Settings(reviewer="R1")
        run_window(None, settings, None, [], review_dataset=root, when_shown=begin, size=SIZES[0])
    return runs[0].stepper.problem
