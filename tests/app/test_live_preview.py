"""The preview in Record: it comes with a key, survives a kill, and goes without a trace."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from support.waiting import wait_until

from app.live_preview import PLAN, LivePreview
from app.polling import StreamPoller
from app.session import ProcessPlan, Session
from app.workspaces.camera_panel import CameraPanel
from devices.clock import now_ns
from devices.process import pid_alive
from devices.rig import Rig, load_rig
from recorder.cleaning.live_stream import NAME

WORLD = (
    ProcessPlan("world", "devices.sim.world_process"),
    ProcessPlan("capture", "devices.capture_process"),
)


class Desk:
    """A session without supervisor and recorder, its cameras, and the preview."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.said: list[str] = []
        self.poller = StreamPoller(session.bus)
        self.cameras = CameraPanel(session.rig, self.poller)
        self.preview = LivePreview(
            session, self.cameras, lambda text, importance: self.said.append(text)
        )

    def live(self) -> None:
        """Let the session and the screen live for a moment."""
        self.session.poll()
        self.poller.tick()
        self.preview.refresh(now_ns())
        QApplication.processEvents()

    def wait(self, predicate, what: str) -> None:
        wait_until(lambda: self.live() or predicate(), 60.0, what)


@pytest.fixture
def desk(qapp, tmp_path: Path) -> Iterator[Desk]:
    with Session(load_rig("sim-xhand"), tmp_path / "d", plans=list(WORLD)) as session:
        made = Desk(session)
        made.cameras.show()
        yield made
        made.poller.close()
        made.cameras.close()


def stamp(desk: Desk) -> int:
    return desk.poller.last_stamp_ns.get("front/preview", 0)


def test_the_preview_comes_survives_a_kill_and_goes(desk):
    desk.preview.toggle()
    desk.wait(lambda: stamp(desk), "a picture of the preview")
    assert desk.preview.tile.isVisible()
    assert "preview" in desk.preview.tile.title
    desk.wait(lambda: desk.preview.rate_hz > 0, "its rate")
    killed = desk.session.pid(NAME)
    os.kill(killed, signal.SIGKILL)
    desk.wait(lambda: desk.session.pid(NAME) != killed, "a new process")
    before = now_ns()
    desk.wait(lambda: stamp(desk) > before, "a picture of the new process")
    assert desk.session.runs("world")
    assert desk.session.runs("capture")
    desk.preview.toggle()
    assert not desk.session.runs(NAME)
    assert not desk.preview.tile.isVisible()


def test_turning_it_off_never_waits_for_its_process(desk):
    desk.preview.toggle()
    desk.wait(lambda: desk.preview.rate_hz > 0, "its rate")
    stuck = desk.session.pid(NAME)
    os.kill(stuck, signal.SIGSTOP)  # it hears nothing any more
    began_ns = now_ns()
    desk.preview.toggle()
    assert now_ns() - began_ns < PLAN.grace_s * 1e9 / 2
    assert not desk.session.runs(NAME)
    desk.wait(lambda: not pid_alive(stuck), "the end of the stuck process")


def test_a_preview_that_ends_by_itself_is_said_once(desk):
    desk.preview.toggle()
    desk.session.end(NAME)
    for _ in range(3):
        desk.live()
    assert not desk.preview.on
    assert sum("ended by itself" in text for text in desk.said) == 1


def test_a_rig_without_a_standing_camera_says_where_cleaning_is(qapp, tmp_path):
    fields = load_rig("sim-xhand").model_dump(by_alias=True)
    fields["cameras"] = [camera for camera in fields["cameras"] if camera["mount"] != "world"]
    desk = Desk(Session(Rig.model_validate(fields), tmp_path / "d", plans=[]))
    desk.preview.toggle()
    assert not desk.preview.on
    assert "Clean" in desk.said[0]
    desk.poller.close()
