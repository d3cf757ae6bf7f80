"""What ``make run`` does on a machine without a screen: the real window, driven by a script.

A virtual display is started, the real window opens on it, the scripted operator teaches one take by
touch and one by exoskeleton through the same actions a person would use, and a picture of every
workspace is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from app.actions import ActionId
from app.opening import choose_dataset, open_session
from app.settings import Settings
from app.stepper import Stepper, Wait
from app.virtual_display import VirtualDisplay
from app.window import MainWindow
from app.window_start import run_window
from app.world_reset import WorldReset

START_S = 60.0
PUBLISH_S = 120.0


class Demonstration(QObject):
    """Drives the window step by step from a timer, then closes it.

    Parameters
    ----------
    window : MainWindow
        The window, already open.
    pictures : Path
        Folder the pictures go to.
    say : callable
        Receives one sentence per step.
    """

    def __init__(self, window: MainWindow, pictures: Path, say: Callable[[str], None]) -> None:
        super().__init__(window)
        self._window, self._pictures, self._say = window, pictures, say
        self.episodes: list[str] = []
        self.stepper = Stepper(self._script(), window.close, self)

    def _script(self) -> Iterator[Wait]:
        session, window = self._window.session, self._window
        yield Wait(lambda: window.workspace.all_live(), START_S, "live data on every stream")
        self._say(f"window live on rig '{session.rig.name}'")
        yield from self._hand("OFF", ActionId.ENABLE, "HOLD")
        modes = [(ActionId.ARM_KINESTHETIC, "kinesthetic")]
        if session.rig.exoskeletons:
            modes.append((ActionId.ARM_EXOSKELETON, "exoskeleton"))
        if session.rig.world is None:
            modes = modes[1:]
        for action, mode in modes:
            if session.rig.world is not None:
                yield Wait(
                    lambda: session.supervisor.status.state == "HOLD", 10.0, "HOLD before a reset"
                )
                yield Wait(WorldReset(session).done, 10.0, "the world's reset")
            yield from self._take(action, mode)
        self._say(f"pictures in {self._pictures}")

    def _hand(self, before: str, action: ActionId, after: str) -> Iterator[Wait]:
        supervisor = self._window.session.supervisor
        yield Wait(lambda: supervisor.status is not None, 20.0, "the supervisor's answer")
        if supervisor.status.state == before:
            self._window.perform(action)
        yield Wait(lambda: supervisor.status.state == after, 10.0, f"the hand's state {after}")

    def _take(self, action: ActionId, mode: str) -> Iterator[Wait]:
        window, session = self._window, self._window.session
        supervisor, recorder, operator = session.supervisor, session.recorder, session.operator
        window.perform(action)
        yield Wait(lambda: supervisor.status.authority == mode, 10.0, f"arming for {mode}")
        window.perform(ActionId.RECORD)
        yield Wait(lambda: recorder.status.state == "recording", 10.0, "the take's start")
        number = recorder.status.episode
        self._say(f"episode {number}: {mode}, scripted operator")
        window.perform(ActionId.SCRIPT)
        yield Wait(lambda: operator.status.activity == "script", 10.0, "the script's start")
        yield Wait(lambda: operator.status.progress > 0.6, 30.0, "the script's middle")
        self._save(f"record-{mode}")
        yield Wait(lambda: operator.status.activity == "idle", 30.0, "the script's end")
        window.perform(ActionId.SUCCESS)
        window.perform(ActionId.HOLD)
        yield Wait(
            lambda: number in recorder.status.published,
            PUBLISH_S,
            f"publishing episode {number}",
        )
        self.episodes.append(recorder.status.last_path)
        self._say(f"episode {number}: verified, {recorder.status.last_path}")

    def _save(self, name: str) -> None:
        self._pictures.mkdir(parents=True, exist_ok=True)
        save_picture(self._window, self._pictures / f"{name}.png")


def save_picture(window: MainWindow, path: Path) -> None:
    """Save what the screen shows of ``window``, OpenGL views included."""
    screen = QApplication.primaryScreen()
    frame = window.frameGeometry()
    picture = screen.grabWindow(0, frame.x(), frame.y(), frame.width(), frame.height())
    if not picture.save(str(path)):
        raise OSError(f"picture '{path}' could not be written")


def demonstrate(
    rig: str,
    dataset: Path | None,
    *,
    seed: int,
    emulate: bool,
    video: Path | None,
    pictures: Path | None,
    say: Callable[[str], None],
) -> int:
    """Run the demonstration on a virtual display; returns the exit code."""
    say("no display here: starting a virtual one and letting the scripted operator record")
    folder = choose_dataset(dataset)
    pictures = pictures or folder / "pictures"
    runs: list[Demonstration] = []

    def begin(window: MainWindow) -> None:
        runs.append(Demonstration(window, pictures, say))

    with VirtualDisplay():
        session = open_session(rig, folder, seed=seed, emulate=emulate, video=video)
        run_window(session, Settings(), None, [], when_shown=begin)
    demonstration = runs[0]
    if demonstration.stepper.problem:
        say(f"thenar: {demonstration.stepper.problem}")
        return 1
    say(f"dataset  {folder}")
    for path in demonstration.episodes:
        say(f"episode  {path}")
    for path in sorted(pictures.glob("*.png")):
        say(f"picture  {path}")
    return 0
