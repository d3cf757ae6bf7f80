"""The Replay page of Review with a simulated hand: its buttons start, pause and end a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.controls import CLIENT
from app.headless import HeadlessDriver
from app.opening import open_session
from app.workspaces.review.replay_page import ReplayPage
from recorder.player.player_episode import PlayerEpisode


class ShownPage:
    """A take, recorded just now, on the Replay page of a running session."""

    def __init__(self, driver: HeadlessDriver) -> None:
        self.driver = driver
        taken = driver.record("kinesthetic", 4.0, seed=3, task="pick-up-the-ball")
        driver.reset_world(3)
        driver.enable()
        self.said: list[str] = []
        self.episode = PlayerEpisode(Path(taken.path), None)
        self.page = ReplayPage(driver.session, lambda text, *_: self.said.append(text))
        self.page.resize(1280, 700)
        self.page.show()
        self.page.load(self.episode, "episode 0")

    @property
    def panel(self):
        return self.page.panel

    def until(self, predicate: Callable[[], bool], what: str, limit_s: float = 30.0) -> None:
        """Let the window live until ``predicate()``."""

        def lives() -> bool:
            self.driver.session.supervisor.heartbeat(CLIENT)
            QApplication.processEvents()
            self.page.tick()
            self.page.refresh(True)
            return predicate()

        self.driver.pump(lives, limit_s, what)

    def says(self, text: str) -> Callable[[], bool]:
        return lambda: text in self.panel.state_label.text()


@pytest.fixture(scope="module")
def shown(qapp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShownPage]:
    session = open_session("sim-xhand", tmp_path_factory.mktemp("replay-page") / "dataset")
    with session:
        driver = HeadlessDriver(session)
        driver.wait_ready()
        made = ShownPage(driver)
        yield made
        made.page.close_work()
        made.page.close()
        made.episode.close()


def test_the_buttons_start_pause_and_end_a_replay_and_the_error_is_shown(shown: ShownPage):
    panel = shown.panel
    shown.until(panel.start_button.isEnabled, "the check before the start")
    assert "it eases in over" in panel.guard.text()
    assert not panel.pause_button.isEnabled()
    panel.start_button.click()
    shown.until(shown.says("Replaying"), "running")
    assert not panel.start_button.isEnabled()
    shown.until(lambda: "rad rms" in panel.error_label.text(), "the tracking error")
    panel.pause_button.click()
    shown.until(shown.says("Paused"), "paused")
    panel.pause_button.click()
    shown.until(shown.says("Replaying"), "running again")
    panel.end_button.click()
    supervisor = shown.driver.session.supervisor
    shown.until(lambda: supervisor.status.state == "HOLD", "HOLD after the end")
    assert not shown.page.running
    shown.until(panel.start_button.isEnabled, "the next start")


def test_after_stop_the_page_says_why_it_cannot_start_and_the_way_out(shown: ShownPage):
    panel = shown.panel
    shown.until(panel.start_button.isEnabled, "the check before the start")
    panel.start_button.click()
    shown.until(shown.says("Replaying"), "running")
    supervisor = shown.driver.session.supervisor
    supervisor.stop(CLIENT)
    shown.until(lambda: supervisor.status.state == "STOPPED", "STOPPED")
    shown.until(lambda: not shown.page.running, "the end of the replay")
    assert "latched in STOPPED" in panel.guard.text(), "said at once, not at the next look"
    assert "reset it first" in panel.guard.text()
    assert panel.state_label.text().startswith("The replay has ended: the hand is in STOPPED")
    assert not panel.start_button.isEnabled()
