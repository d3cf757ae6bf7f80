"""The Record workspace, used as a demonstrator uses it: mouse, keys, pixels and files."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QLabel, QPushButton
from support.activation import activate
from Xlib import XK, X, display
from Xlib.ext import xtest

from app.actions import ACTIONS, ActionId, action
from app.settings import load_settings
from app.window import MainWindow
from devices.bus import Bus
from recorder.episode import Episode
from recorder.inspect import inspect_episode
from widgets.shortcuts_sheet import ShortcutsSheet

RECORDER_AGE_S = 5.0  # start-up and a second of samples to keep from before the press


def press(qtbot, window: MainWindow, which: ActionId) -> None:
    """Press the key of an action, as shown on its button."""
    activate(window)
    window.setFocus()
    entry = window.findChild(QAction, which)
    assert entry.shortcut().toString() == action(which).key
    qtbot.keyClick(window, entry.shortcut()[0].key(), entry.shortcut()[0].keyboardModifiers())


def pixels(widget) -> np.ndarray:
    """What ``widget`` shows, (rows, columns, 3) uint8."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def record_take(qtbot, window: MainWindow, seconds: float = 1.0) -> int:
    """Record for a while by keys; returns the episode's number (the take still runs)."""
    recorder = window.session.recorder
    press(qtbot, window, ActionId.RECORD)
    qtbot.waitUntil(lambda: recorder.status.state == "recording", timeout=5000)
    qtbot.waitUntil(lambda: recorder.status.elapsed_s > seconds, timeout=10_000)
    return recorder.status.episode


def arm(qtbot, window: MainWindow, which: ActionId, source: str) -> None:
    """Press the key that arms ``source`` and wait until it has the hand."""
    supervisor = window.session.supervisor
    press(qtbot, window, which)

    def armed() -> None:
        status = supervisor.status
        assert (status.state, status.authority) == ("ACTIVE", source), (
            status.cause,
            window.strip.history[-3:],
        )

    qtbot.waitUntil(armed, timeout=5000)


def wait_published(qtbot, window: MainWindow, number: int) -> Path:
    recorder = window.session.recorder
    qtbot.waitUntil(lambda: number in recorder.status.published, timeout=60_000)
    return window.session.file.dataset_dir / "episodes" / f"episode_{number:06d}.h5"


def test_every_tile_shows_a_live_picture(live, qtbot):
    for tile in live.workspace.cameras.tiles:
        qtbot.waitUntil(lambda tile=tile: tile.level == "ok", timeout=10_000)
        picture = pixels(tile)[30:]
        assert picture.reshape(-1, 3).std(axis=0).max() > 15, tile.spec.name


def test_the_stop_button_is_red_and_says_stop(live):
    button = live.strip.stop_button
    corner = pixels(button)[6, 12].astype(int)
    assert corner[0] > 150
    assert corner[1] < 90
    assert corner[2] < 90
    assert button.text() == "STOP"


def test_the_menu_lists_every_action_with_its_key(live):
    for item in ACTIONS:
        entry = live.findChild(QAction, item.id)
        assert entry is not None, item.id
        assert entry.shortcut().toString() == item.key, item.id


def test_pulling_a_finger_with_the_mouse_moves_the_measured_joint(holding, qtbot):
    session, view = holding.session, holding.workspace.hand.view
    arm(qtbot, holding, ActionId.ARM_KINESTHETIC, "kinesthetic")
    hand = view.scene.hands[0]
    link = hand.link_names.index("middle_distal")
    joint = session.rig.hands[0].spec.names.index("right_middle_joint0")
    before = view.scene.measured[0][joint]
    pose = view.scene.poses[0][link]
    x, y = view.camera.project(pose[:3, 3][None], view.width(), view.height())[0]
    start = next(
        QPoint(int(x) + dx, int(y) + dy)
        for dx in range(-12, 13, 3)
        for dy in range(-12, 13, 3)
        if (hit := view.pick(QPointF(int(x) + dx, int(y) + dy))) and hit[1] == link
    )
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, start + QPoint(0, 25))
    qtbot.mouseMove(view, start + QPoint(0, 50))
    try:
        qtbot.waitUntil(lambda: abs(view.scene.measured[0][joint] - before) > 0.05, timeout=10_000)
    finally:
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(0, 50))
    qtbot.waitUntil(lambda: not holding.workspace.hand.pulls.rows.any(), timeout=2000)


def test_a_take_by_keys_becomes_a_verified_episode_with_everything_in_it(holding, qtbot):
    arm(qtbot, holding, ActionId.ARM_KINESTHETIC, "kinesthetic")
    born_s = psutil.Process(holding.session.pid("recorder")).create_time()
    qtbot.waitUntil(lambda: time.time() - born_s > RECORDER_AGE_S, timeout=10_000)
    number = record_take(qtbot, holding, 1.5)
    press(qtbot, holding, ActionId.SUCCESS)
    path = wait_published(qtbot, holding, number)
    summary = inspect_episode(path)
    assert summary.outcome == "success"
    assert summary.operator_source == "kinesthetic"
    assert summary.operator_code == "P01"
    assert summary.instruction == holding.workspace.bar.tasks.task.instruction
    assert summary.lost_samples == 0
    assert summary.pre_roll_s > 0.8, "the second before the press is missing"


def test_the_next_take_begins_while_the_last_is_verified(holding, qtbot):
    first = record_take(qtbot, holding, 0.5)
    press(qtbot, holding, ActionId.STOP_TAKE)
    qtbot.waitUntil(lambda: holding.session.recorder.status.state == "idle", timeout=5000)
    second = record_take(qtbot, holding, 0.3)
    assert second == first + 1
    press(qtbot, holding, ActionId.FAILURE)
    wait_published(qtbot, holding, first)
    with Episode(wait_published(qtbot, holding, second)) as episode:
        assert episode.outcome == "failure"


def test_discard_takes_two_presses_and_undo_brings_the_take_back(holding, qtbot):
    number = record_take(qtbot, holding, 0.3)
    press(qtbot, holding, ActionId.STOP_TAKE)
    path = wait_published(qtbot, holding, number)
    press(qtbot, holding, ActionId.DISCARD)
    assert holding.workspace.bar.discard_armed
    assert path.exists()
    press(qtbot, holding, ActionId.DISCARD)
    qtbot.waitUntil(lambda: not path.exists(), timeout=5000)
    qtbot.waitUntil(lambda: holding.session.recorder.status.discarded == number, timeout=5000)
    press(qtbot, holding, ActionId.UNDO_DISCARD)
    qtbot.waitUntil(path.exists, timeout=5000)


def test_redo_replaces_the_take_under_its_number(holding, qtbot):
    number = record_take(qtbot, holding, 0.3)
    press(qtbot, holding, ActionId.SUCCESS)
    path = wait_published(qtbot, holding, number)
    qtbot.waitUntil(holding.workspace.bar.success_button.isChecked, timeout=2000)
    with Episode(path) as first:
        before = first.attributes["uuid"]
    recorder = holding.session.recorder
    press(qtbot, holding, ActionId.REDO)
    qtbot.waitUntil(lambda: recorder.status.state == "recording", timeout=5000)
    assert recorder.status.episode == number
    qtbot.waitUntil(lambda: not holding.workspace.bar.success_button.isChecked(), timeout=2000)
    press(qtbot, holding, ActionId.SUCCESS)

    def replaced() -> bool:
        if not path.exists():
            return False
        with Episode(path) as again:
            return again.attributes["uuid"] != before

    qtbot.waitUntil(replaced, timeout=30_000)


def test_the_last_take_plays_at_once(holding, qtbot):
    number = record_take(qtbot, holding, 1.0)
    press(qtbot, holding, ActionId.STOP_TAKE)
    wait_published(qtbot, holding, number)
    press(qtbot, holding, ActionId.PLAY_LAST)
    playback = holding.workspace.playback
    assert holding.workspace.centre.currentWidget() is playback
    qtbot.waitUntil(lambda: playback.time_s > 0.5, timeout=5000)
    assert pixels(playback.camera)[30:].std() > 15
    qtbot.mouseClick(playback.close_button, Qt.MouseButton.LeftButton)
    assert holding.workspace.centre.currentWidget() is holding.workspace.hand


def test_the_exoskeleton_sliders_move_the_hand_through_the_gate(holding, qtbot):
    session = holding.session
    arm(qtbot, holding, ActionId.ARM_EXOSKELETON, "exoskeleton")
    view = holding.workspace.hand.view
    joint = session.rig.hands[0].spec.names.index("right_index_joint1")
    before = view.scene.measured[0][joint]
    holding.workspace.lower_left.setCurrentWidget(holding.workspace.exo)
    press(qtbot, holding, ActionId.SYNERGY_POWER)
    qtbot.waitUntil(lambda: abs(view.scene.measured[0][joint] - before) > 0.2, timeout=15_000)
    assert session.supervisor.status.state == "ACTIVE"


def test_a_click_on_stop_stops_and_only_reset_unlatches(holding, qtbot):
    session = holding.session
    arm(qtbot, holding, ActionId.ARM_KINESTHETIC, "kinesthetic")
    qtbot.mousePress(holding.strip.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.supervisor.status.state == "STOPPED", timeout=2000)
    qtbot.mouseRelease(holding.strip.stop_button, Qt.MouseButton.LeftButton)
    press(qtbot, holding, ActionId.ARM_KINESTHETIC)
    assert "latched" in holding.strip.history[-1]
    press(qtbot, holding, ActionId.RESET)
    qtbot.waitUntil(lambda: session.supervisor.status.state == "HOLD", timeout=2000)


def test_the_stop_key_stops_while_the_window_is_blocked(holding, qtbot):
    session = holding.session
    arm(qtbot, holding, ActionId.ARM_KINESTHETIC, "kinesthetic")
    heard = Bus(session.file.namespace).inbox("supervisor/status")
    states: list[str] = []
    pressed_ns = []

    def press_from_outside() -> None:
        connection = display.Display()
        code = connection.keysym_to_keycode(XK.XK_F12)
        pressed_ns.append(time.monotonic_ns())
        xtest.fake_input(connection, X.KeyPress, code)
        xtest.fake_input(connection, X.KeyRelease, code)
        connection.sync()
        connection.close()

    outside = threading.Thread(target=press_from_outside)
    outside.start()
    deadline = time.monotonic() + 5.0
    while "STOPPED" not in states and time.monotonic() < deadline:
        states.extend(message["state"] for message in heard.drain())
    outside.join()
    assert "STOPPED" in states, "the event loop was blocked and STOP did not get through"


def test_the_stop_listener_is_started_again_when_it_dies(holding, qtbot):
    session = holding.session
    before = session.pid("stop")
    os.kill(before, signal.SIGKILL)
    qtbot.waitUntil(
        lambda: (
            session.health["stop"]["pid"] not in (before, 0)
            and session.health["stop"].get("listening") is True
        ),
        timeout=15_000,
    )
    assert any("stop ended (SIGKILL); restarted" in text for text in holding.strip.history)


def test_a_take_without_an_operator_code_is_refused(holding, qtbot):
    bar = holding.workspace.bar
    bar.code_edit.clear()
    qtbot.keyClicks(bar.code_edit, "x")
    bar.code_edit.clearFocus()
    holding.perform(ActionId.RECORD)
    assert "code" in holding.strip.history[-1]
    assert holding.session.recorder.status.state == "idle"
    bar.set_operator_code("P01")


def test_recording_brings_the_live_view_back(holding, qtbot):
    number = record_take(qtbot, holding, 0.3)
    press(qtbot, holding, ActionId.STOP_TAKE)
    wait_published(qtbot, holding, number)
    press(qtbot, holding, ActionId.PLAY_LAST)
    assert holding.workspace.centre.currentWidget() is holding.workspace.playback
    record_take(qtbot, holding, 0.2)
    assert holding.workspace.centre.currentWidget() is holding.workspace.hand


def test_a_lost_heartbeat_holds_the_hand_and_names_the_window(holding, qtbot):
    session = holding.session
    arm(qtbot, holding, ActionId.ARM_KINESTHETIC, "kinesthetic")
    heard = Bus(session.file.namespace).inbox("supervisor/status")
    deadline = time.monotonic() + 5.0
    causes: list[str] = []
    while not causes and time.monotonic() < deadline:
        causes.extend(m["cause"] for m in heard.drain() if m["state"] == "HOLD")
    assert causes
    assert "gui" in causes[0]
    qtbot.waitUntil(lambda: "gui" in holding.workspace.mode.says.text(), timeout=3000)


def test_an_invalid_operator_code_is_not_taken(holding, qtbot):
    bar = holding.workspace.bar
    bar.code_edit.clear()
    qtbot.keyClicks(bar.code_edit, "Jane Doe")
    assert bar.operator_code == ""
    bar.code_edit.clear()
    qtbot.keyClicks(bar.code_edit, "P07")
    assert holding.controls.plan.operator_code == "P07"
    bar.set_operator_code("P01")


def test_the_window_remembers_task_rig_and_layout(live, qtbot, folder):
    press(qtbot, live, ActionId.NEXT_TASK)
    task = live.workspace.bar.tasks.combo.currentText()
    live.workspace.columns.setSizes([500, 420, 330])
    live.remember()
    settings, problems = load_settings(folder / "settings.json")
    assert problems == []
    assert settings.task == task
    assert settings.rig == "sim-xhand"
    assert settings.splitters["columns"] == live.workspace.columns.sizes()


def test_the_cheat_sheet_shows_every_key(live, qtbot):
    press(qtbot, live, ActionId.CHEAT_SHEET)
    sheet = live.findChild(ShortcutsSheet)
    text = " ".join(label.text() for label in sheet.findChildren(QLabel))
    for item in ACTIONS:
        if item.workspace in ("", "Record"):
            assert item.title in text
    sheet.reject()


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_nothing_is_cut_off_at_either_size(live, qtbot, size):
    live.resize(*size)
    qtbot.waitUntil(lambda: live.size().toTuple() == size, timeout=3000)
    for button in live.workspace.bar.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.sizeHint().width() - 2, button.text()
    bottom = live.workspace.bar.mapTo(live, QPoint(0, live.workspace.bar.height())).y()
    assert bottom <= live.height()
