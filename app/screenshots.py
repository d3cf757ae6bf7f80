"""``make screenshots``: the pictures of the documentation, from the real window.

Each rig is opened on a virtual display, the scripted operator teaches a few seconds, and the window
is saved at 1280 x 800 and 1920 x 1080. Review and Clean are opened without a hand, on takes that
the scripted operator taught in the simulated world.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject

from app.actions import ActionId
from app.clean_pictures import photograph_clean
from app.opening import open_session
from app.review_pictures import ReviewPhotographer
from app.review_takes import make_reviewed_dataset
from app.session import REPOSITORY, SessionError
from app.settings import Settings
from app.stepper import Stepper, Wait
from app.virtual_display import VirtualDisplay
from app.window import MainWindow
from app.window_pictures import SIZES, pictures
from app.window_start import run_window

MODES = {"sim-xhand": ActionId.ARM_KINESTHETIC, "sim-leap": ActionId.ARM_EXOSKELETON}
RIGS = ("sim-xhand",)
LARGE_TOO = ("library", "episode")  # pages of Review that are also saved at the larger size
PARTS = ("rigs", "review", "clean")


class Photographer(QObject):
    """Teaches a few seconds and saves the window at every size, then closes it."""

    def __init__(self, window: MainWindow, folder: Path, name: str) -> None:
        super().__init__(window)
        self._window, self._folder, self._name = window, folder, name
        self.stepper = Stepper(self._steps(), window.close, self)

    def _steps(self) -> Iterator[Wait]:
        window, session = self._window, self._window.session
        supervisor, operator = session.supervisor, session.operator
        yield Wait(window.workspace.all_live, 60.0, "live data on every stream")
        yield Wait(lambda: supervisor.status is not None, 20.0, "the supervisor's answer")
        if self._name == "record":
            window.perform(ActionId.PREVIEW_CLEAN)  # before the operator comes
            preview = window.workspace.preview
            yield Wait(lambda: preview.rate_hz > 0, 30.0, "the preview")
        window.perform(ActionId.ENABLE)
        yield Wait(lambda: supervisor.status.state == "HOLD", 10.0, "HOLD")
        window.perform(MODES.get(session.rig.name, ActionId.ARM_EXOSKELETON))
        yield Wait(lambda: supervisor.status.state == "ACTIVE", 10.0, "ACTIVE")
        window.perform(ActionId.RECORD)
        window.perform(ActionId.SCRIPT)
        yield Wait(lambda: bool(operator.status) and operator.status.progress > 0.55, 30.0, "grasp")
        if self._name == "record":
            yield from pictures(window, self._folder, "record-preview", SIZES[1:])
            window.perform(ActionId.PREVIEW_CLEAN)
        yield from pictures(window, self._folder, self._name, SIZES)
        window.perform(ActionId.STOP)
        yield Wait(lambda: supervisor.status.state == "STOPPED", 5.0, "STOPPED")
        yield from pictures(window, self._folder, f"{self._name}-stopped", SIZES[:1])


def main(argv: list[str] | None = None) -> int:
    """Save the pictures of one or more rigs, of Review and of Clean; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "pictures")
    parser.add_argument("--rig", action="append", help="rig to photograph; may be repeated")
    parser.add_argument("--only", choices=PARTS, help="leave the other ones out")
    parser.add_argument(
        "--dataset", type=Path, help="episodes for Review and Clean; by default made anew"
    )
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = (options.only,) if options.only else PARTS
    with VirtualDisplay():
        for rig in (options.rig or RIGS) if "rigs" in wanted else ():
            name = "record" if rig == "sim-xhand" else f"record-{rig}"
            problem = _photograph(rig, name, options.out)
            if problem:
                sys.stderr.write(f"thenar: {rig}: {problem}\n")
                return 1
        for part, photograph in (("review", _photograph_review), ("clean", photograph_clean)):
            problem = photograph(options.dataset, options.out) if part in wanted else ""
            if problem:
                sys.stderr.write(f"thenar: {part}: {problem}\n")
                return 1
    return 0


def _photograph_review(dataset: Path | None, folder: Path) -> str:
    runs: list[ReviewPhotographer] = []

    def begin(window: MainWindow) -> None:
        def shots(name: str) -> Iterator[Wait]:
            sizes = SIZES if name in LARGE_TOO else SIZES[:1]
            return pictures(window, folder, f"review-{name}", sizes)

        runs.append(ReviewPhotographer(window, shots))

    with tempfile.TemporaryDirectory(prefix="thenar-pictures-") as scratch:
        root = Path(scratch) / "demos"
        if dataset is not None:
            shutil.copytree(dataset, root)
        else:
            try:
                make_reviewed_dataset(root)
            except SessionError as error:
                return str(error)
        settings = Settings(reviewer="R1", review_station="desk")
        run_window(None, settings, None, [], review_dataset=root, when_shown=begin, size=SIZES[0])
    return runs[0].stepper.problem


def _photograph(rig: str, name: str, folder: Path) -> str:
    runs: list[Photographer] = []
    with tempfile.TemporaryDirectory(prefix="thenar-pictures-") as scratch:
        session = open_session(rig, Path(scratch), emulate=rig == "leap")
        run_window(
            session,
            Settings(),
            None,
            [],
            when_shown=lambda window: runs.append(Photographer(window, folder, name)),
            size=SIZES[0],
        )
    return runs[0].stepper.problem


if __name__ == "__main__":
    sys.exit(main())
