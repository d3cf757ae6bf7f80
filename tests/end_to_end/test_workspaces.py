"""Record and Review in one window: a take, the hand and STOP do not depend on what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLabel
from support.activation import activate
from support.control_names import unnamed_controls
from support.review_page import ReviewPage

from app.actions import ActionId
from app.key_book import KeyBook
from app.opening import open_session
from app.settings import Settings, load_settings
from app.window import MainWindow
from widgets.shortcuts_sheet import ShortcutsSheet


@pytest.fixture(scope="module")
def window(qapp: QApplication, folder: Path) -> Iterator[MainWindow]:
    """A window with live data and a stand-in for Review."""
    with pytest.MonkeyPatch.context() as patch:
        runtime = folder / "xdg"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        session = open_session("sim-xhand", folder / "dataset")
        session.start()
        shown = MainWindow(session, Settings(), folder / "settings.json", review=ReviewPage)
        shown.resize(1280, 800)
        shown.show()
        activate(shown)
        yield shown
        shown.close()
        session.close()


@pytest.fixture
def live(window: MainWindow, qtbot) -> MainWindow:
    session = window.session
    window.show_workspace("Record")
    qtbot.waitUntil(
        lambda: (
            window.workspace.all_live()
            and session.supervisor.status is not None
            and session.recorder.status is not None
        ),
        timeout=40_000,
    )
    return window


def key(qtbot, window: MainWindow, code: Qt.Key, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    activate(window)
    window.setFocus()
    qtbot.keyClick(window, code, modifiers)


def to_review(qtbot, window: MainWindow) -> ReviewPage:
    key(qtbot, window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.active is not None
    assert window.active.name == "Review"
    return window.active


def test_tabs_and_keys_switch_and_the_choice_is_remembered(live, qtbot, folder):
    review = to_review(qtbot, live)
    assert live.strip.tabs.currentIndex() == 1
    assert review.dataset == live.session.file.dataset_dir
    assert review.calls[-1] == "shown"
    live.remember()
    assert load_settings(folder / "settings.json")[0].workspace == "Review"
    qtbot.mouseClick(
        live.strip.tabs, Qt.MouseButton.LeftButton, pos=live.strip.tabs.tabRect(0).center()
    )
    assert live.active is live.workspace
    assert review.calls[-1] == "hidden"


def test_only_the_shown_workspace_draws(live, qtbot):
    review = to_review(qtbot, live)
    before = review.ticks
    qtbot.waitUntil(lambda: review.ticks > before + 3)
    live.show_workspace("Record")
    before, refreshes = review.ticks, review.refreshes
    qtbot.waitUntil(lambda: review.refreshes > refreshes + 2)
    assert review.ticks == before


def test_one_key_means_what_the_shown_workspace_says(live, qtbot):
    review = to_review(qtbot, live)
    key(qtbot, live, Qt.Key.Key_R)
    key(qtbot, live, Qt.Key.Key_A)
    assert review.performed[-1] is ActionId.REVIEW_RECOVERY
    assert review.pressed[-1] == "A"
    assert live.session.recorder.status.state == "idle"


def test_an_action_of_the_hidden_workspace_is_refused_by_name(live, qtbot):
    to_review(qtbot, live)
    live.perform(ActionId.RECORD)
    assert "belongs to Record" in live.strip.history[-1]


def test_menus_are_those_of_the_shown_workspace(live, qtbot):
    def shown() -> set[str]:
        return {entry.text() for entry in live.menuBar().actions() if entry.isVisible()}

    assert {"Take", "Hand", "File", "Help"} <= shown()
    assert not {"Play", "Label", "Library"} & shown()
    to_review(qtbot, live)
    assert {"Play", "Label", "Library", "Hand"} <= shown()
    assert "Take" not in shown()


def test_a_take_goes_on_in_review_and_its_lamp_leads_back(live, qtbot):
    recorder = live.session.recorder
    key(qtbot, live, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: recorder.status.state == "recording", timeout=5000)
    to_review(qtbot, live)
    qtbot.waitUntil(lambda: live.strip.lamp.isVisible())
    elapsed_s = recorder.status.elapsed_s
    qtbot.waitUntil(lambda: recorder.status.elapsed_s > elapsed_s + 0.5, timeout=5000)
    assert live.strip.lamp.text() == f"REC {recorder.status.episode}"
    assert live.strip.stop_button.isVisible()
    qtbot.mouseClick(live.strip.lamp, Qt.MouseButton.LeftButton)
    assert live.active is live.workspace
    key(qtbot, live, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: recorder.status.state == "idle", timeout=5000)
    qtbot.waitUntil(lambda: not live.strip.lamp.isVisible())


def test_the_hand_stays_armed_in_review_and_hold_and_stop_work_there(live, qtbot):
    supervisor = live.session.supervisor
    live.perform(ActionId.ENABLE)
    qtbot.waitUntil(lambda: supervisor.status.state == "HOLD", timeout=15_000)
    key(qtbot, live, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: supervisor.status.state == "ACTIVE", timeout=5000)
    review = to_review(qtbot, live)
    before = review.refreshes
    qtbot.waitUntil(lambda: review.refreshes > before + 10, timeout=5000)
    assert supervisor.status.state == "ACTIVE"
    key(qtbot, live, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: supervisor.status.state == "HOLD", timeout=5000)
    qtbot.mousePress(live.strip.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: supervisor.status.state == "STOPPED", timeout=5000)
    qtbot.mouseRelease(live.strip.stop_button, Qt.MouseButton.LeftButton)
    key(qtbot, live, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: supervisor.status.state == "HOLD", timeout=5000)


def test_streams_that_nobody_looks_at_are_not_called_late(live, qtbot):
    review = to_review(qtbot, live)
    before = review.refreshes
    qtbot.waitUntil(lambda: review.refreshes > before + 15, timeout=5000)
    assert live.strip.health.level in ("ok", "late"), live.strip.health.text  # late: busy machine


def test_a_changed_key_works_at_once_and_stands_on_its_button(live, qtbot, folder):
    book = KeyBook(live._settings, live.apply_keys)
    assert book.set_key("take.record", "M") == ("", False)
    assert live.findChild(QAction, ActionId.RECORD).shortcut().toString() == "M"
    assert live.workspace.bar.record_button.text().endswith(" M")
    assert load_settings(folder / "settings.json")[0].keys == {"take.record": "M"}
    book.reset_all()
    assert live.workspace.bar.record_button.text().endswith(" R")


def test_the_cheat_sheet_is_that_of_the_shown_workspace_and_fits(live, qtbot):
    to_review(qtbot, live)
    live.perform(ActionId.CHEAT_SHEET)
    sheet = live.findChild(ShortcutsSheet)
    texts = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"Trim start", "Reach", "Hold"} <= texts
    assert "Discard" not in texts
    qtbot.waitUntil(sheet.isVisible)
    assert sheet.width() <= 1280
    assert sheet.height() <= 760
    sheet.reject()


def test_a_lost_pedal_is_named_in_the_strip(live, qtbot):
    live.pedals.set_bindings({ActionId.RECORD: "pedal:KEY_A"})
    assert live.strip.pedal_label.text() == "lost: pedal"
    assert live.strip.pedal_label.isVisible()
    live.pedals.set_bindings({})
    assert not live.strip.pedal_label.isVisible()


def test_a_pedal_performs_what_it_is_bound_to(live, qtbot):
    review = to_review(qtbot, live)
    live.pedals.set_bindings({ActionId.REVIEW_PLAY: "pedal:KEY_A"})
    live.pedals.pressed.emit("pedal:KEY_A")
    live.pedals.set_bindings({})
    assert review.performed[-1] is ActionId.REVIEW_PLAY


def test_everything_that_takes_the_focus_has_a_name(live):
    assert unnamed_controls(live) == []


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_the_strip_has_room_for_everything_at_once(live, qtbot, size):
    live.resize(*size)
    qtbot.waitUntil(lambda: live.size().toTuple() == size, timeout=3000)
    strip = live.strip
    strip.set_recording(123)
    strip.set_lost_pedals(["PCsensor FootSwitch"])
    qtbot.waitUntil(strip.lamp.isVisible)
    right = strip.stop_button.mapTo(live, QPoint(strip.stop_button.width(), 0)).x()
    assert right <= live.width()
    assert strip.lamp.width() >= strip.lamp.sizeHint().width()
    strip.set_lost_pedals([])
