"""The strip: STOP at once, the rest in words."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from widgets.status_strip import StatusStrip
from widgets.theme import color


@pytest.fixture
def strip(shown):
    return shown(StatusStrip(("Record", "Review"), "Esc"), 1280, 72)


def test_stop_acts_on_press_and_not_on_release(strip, qtbot):
    stops = []
    strip.stop_requested.connect(lambda: stops.append(1))
    middle = strip.stop_button.rect().center()
    QTest.mousePress(strip.stop_button, Qt.MouseButton.LeftButton, pos=middle)
    assert stops == [1]
    QTest.mouseRelease(strip.stop_button, Qt.MouseButton.LeftButton, pos=QPoint(-50, -50))
    assert stops == [1]


def test_stop_is_white_on_red_and_says_stop(strip):
    assert strip.stop_button.text() == "STOP"
    assert "Esc" in strip.stop_button.toolTip()
    assert "emergency" in strip.stop_button.toolTip()
    image = strip.stop_button.grab().toImage()
    assert image.pixelColor(8, image.height() // 2) == color("stop")


def test_stop_stays_visible_in_a_narrow_window(shown):
    narrow = shown(StatusStrip(("Record", "Review", "Clean", "Run", "Study")), 1024, 72)
    narrow.set_rig("sim-bimanual")
    narrow.set_supervisor("ACTIVE", "kinesthetic")
    narrow.set_health({"right_thumb/visuotactile": "stale", "front/rgb": "gone"})
    narrow.set_disk_minutes(5000)
    narrow.show_message("a very long message " * 30, "bad")
    narrow.resize(1024, 72)
    button = narrow.stop_button
    assert button.geometry().right() <= narrow.width()
    assert button.width() >= 100


@pytest.mark.parametrize(
    ("state", "authority", "text"),
    [
        ("OFF", "none", "OFF"),
        ("HOLD", "", "HOLD"),
        ("ACTIVE", "exoskeleton", "ACTIVE exoskeleton"),
        ("FAULT", "none", "FAULT"),
        ("STOPPED", "none", "STOPPED"),
        (None, "", "no supervisor"),
    ],
)
def test_state_stands_in_words(strip, state, authority, text):
    strip.set_supervisor(state, authority, "a cause")
    assert strip.state.text == text


def test_cause_of_a_latch_is_in_the_tooltip(strip):
    strip.set_supervisor("FAULT", "none", "taxels silent for 0.4 s")
    assert "taxels silent for 0.4 s" in strip.state.toolTip()


def test_health_names_the_worst_stream(strip):
    strip.set_health({"a/b": "ok", "front/rgb": "late", "front/depth": "gone"})
    assert strip.health.text == "gone: front/depth +1"
    assert strip.health.level == "gone"
    strip.set_health({"a/b": "ok", "c/d": "off"})
    assert strip.health.text == "1 ok, 1 waiting"


def test_little_disk_and_slow_physics_are_said_in_words(strip):
    strip.set_disk_minutes(143.4)
    assert strip.disk_label.text() == "143 min disk"
    strip.set_disk_minutes(4)
    assert strip.disk_label.text() == "low: 4 min disk"
    strip.set_real_time_factor(1.0)
    assert "slow" not in strip.real_time_label.text()
    strip.set_real_time_factor(0.8)
    assert strip.real_time_label.text().startswith("slow")
    strip.set_real_time_factor(None)
    assert strip.real_time_label.text() == ""


def test_every_workspace_stays_in_sight_whichever_is_shown(shown):
    strip = shown(StatusStrip(("Record", "Review", "Clean")), 900, 72)
    assert not strip.tabs.usesScrollButtons()
    for name in ("Clean", "Record"):
        strip.select_workspace(name)
        QTest.qWait(0)
        last = strip.tabs.tabRect(2)
        assert strip.tabs.rect().contains(last), (last, strip.tabs.rect())


def test_clicking_a_tab_selects_its_workspace(strip, qtbot):
    with qtbot.waitSignal(strip.workspace_selected) as selected:
        place = strip.tabs.tabRect(1).center()
        qtbot.mouseClick(strip.tabs, Qt.MouseButton.LeftButton, pos=place)
    assert selected.args == ["Review"]


def test_messages_pass_but_stay_in_the_history(strip, qtbot):
    strip.show_message("episode 3 verified")
    strip.show_message("camera 'front' is silent", "bad")
    assert strip.message_label.text() == "camera 'front' is silent"
    strip._message_timer.start(1)
    qtbot.waitUntil(lambda: strip.message_label.text() == "")
    assert strip.history == ("episode 3 verified", "camera 'front' is silent")
    qtbot.mouseClick(strip.history_button, Qt.MouseButton.LeftButton)
    menu = strip.findChild(QMenu)
    texts = [action.text() for action in menu.actions()]
    assert "error: camera 'front' is silent" in texts[0]
    assert "episode 3 verified" in texts[1]
    menu.close()


@pytest.mark.parametrize("importance", ["warn", "bad"])
def test_info_does_not_talk_over_what_went_wrong(strip, qtbot, importance):
    strip.show_message("camera 'front' is silent", importance)
    strip.show_message("episode 3 verified")
    assert strip.message_label.text() == "camera 'front' is silent"
    assert strip.message_label.property("role") == importance
    assert strip.history[-1] == "episode 3 verified"
    strip._message_timer.start(1)
    qtbot.waitUntil(lambda: strip.message_label.text() == "")
    strip.show_message("episode 4 verified")
    assert strip.message_label.text() == "episode 4 verified"


def test_error_keeps_the_line_for_ten_seconds(strip, monkeypatch):
    strip.show_message("the hand is silent", "bad")
    assert strip._message_timer.interval() >= 10_000
    strip.show_message("disk is filling up", "warn")
    assert strip.message_label.text() == "the hand is silent"
    left_ms = strip._message_timer.interval() - 10_100
    monkeypatch.setattr(strip._message_timer, "remainingTime", lambda: left_ms)
    strip.show_message("disk is filling up", "warn")
    assert strip.message_label.text() == "disk is filling up"


def test_newest_error_is_the_one_that_is_read(strip):
    strip.show_message("the left hand is silent", "bad")
    strip.show_message("the right hand is silent", "bad")
    assert strip.message_label.text() == "the right hand is silent"
    strip.clear_message()
    assert strip.message_label.text() == ""
    strip.show_message("episode 3 verified")
    assert strip.message_label.text() == "episode 3 verified"
