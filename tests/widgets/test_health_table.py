"""The health table says of every stream how it does."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QStyleOptionViewItem

from devices.rig import load_rig
from widgets.health_table import HealthTable, StreamHealth, fitted_name
from widgets.theme import font

FRESH = StreamHealth("right/taxels", 100.0, 99.8, 0, 0.01)
LATE = StreamHealth("wrist/rgb", 30.0, 29.9, 0, 0.2)
SLOW = StreamHealth("right/joints_sent", 200.0, 120.0, 0, 0.004)
STALE = StreamHealth("front/rgb", 30.0, 30.0, 3, 0.9)
GONE = StreamHealth("front/depth", 30.0, 0.0, 0, 7.0)
WAITING = StreamHealth("world/objects", 60.0)
EVENTS = StreamHealth("operator/events", 0.0, 0.0, 0, 300.0)


def test_every_stream_has_a_word_for_its_state(shown):
    table = shown(HealthTable(), 420, 240)
    table.set_health([FRESH, LATE, SLOW, STALE, GONE, WAITING, EVENTS])
    assert [table.text(row, 0) for row in range(7)] == [
        "ok", "late", "late", "stale", "gone", "waiting", "ok",
    ]  # fmt: skip
    assert table.text(3, 1) == "front/rgb"
    assert table.text(3, 2) == "30.0"
    assert table.text(3, 3) == "3"
    assert table.text(3, 4) == "900 ms"
    assert table.text(5, 4) == "\N{EN DASH}"
    assert table.text(6, 2) == "events"


def test_worst_first_puts_trouble_on_top(shown, qtbot):
    table = shown(HealthTable(), 420, 240)
    table.set_health([FRESH, LATE, GONE, STALE])
    box = QPoint(8, table.worst_first.height() // 2)
    qtbot.mouseClick(table.worst_first, Qt.MouseButton.LeftButton, pos=box)
    assert [table.text(row, 0) for row in range(4)] == ["gone", "stale", "late", "ok"]


def test_updates_come_at_most_five_times_a_second_and_the_newest_wins(shown, qtbot):
    table = shown(HealthTable(), 420, 240)
    table.set_health([FRESH])
    table.set_health([LATE])
    table.set_health([STALE])
    assert table.text(0, 0) == "ok"
    qtbot.waitUntil(lambda: table.text(0, 0) == "stale")


def test_rows_change_in_place(shown, qtbot):
    table = shown(HealthTable(), 420, 240)
    table.set_health([FRESH, STALE])
    resets = []
    table.view.model().modelReset.connect(lambda: resets.append(1))
    with qtbot.waitSignal(table.view.model().dataChanged) as changed:
        table.set_health([FRESH, GONE])
    assert changed.args[0].row() == 1
    assert resets == []


def test_summary_names_the_worst_first(shown):
    table = shown(HealthTable(), 420, 240)
    table.set_health([FRESH, FRESH, STALE])
    assert table.summary.text() == "streams: 1 stale, 2 ok"
    assert table.levels()["front/rgb"] == "stale"


def test_silence_of_requests_is_no_fault_and_silence_of_a_sensor_is():
    requests = StreamHealth("right/joints_requested", 200.0, 0.0, 0, 3.0, intermittent=True)
    assert requests.level == "off"
    assert StreamHealth("right/joints_measured", 200.0, 0.0, 0, 3.0).level == "stale"


def _painted(table, row):
    """The name in ``row`` as the table draws it."""
    index = table.view.model().index(row, 1)
    option = QStyleOptionViewItem()
    option.widget, option.rect = table.view, table.view.visualRect(index)
    option.font, option.fontMetrics = table.view.font(), QFontMetrics(table.view.font())
    table.view.itemDelegateForIndex(index).initStyleOption(option, index)
    return option.text


@pytest.mark.parametrize("width", [340, 380, 460])
def test_every_stream_of_two_hands_is_told_from_the_others(shown, width):
    names = [spec.name for spec in load_rig("sim-bimanual").streams()]
    table = shown(HealthTable(), width, 240)
    table.set_health([StreamHealth(name, 100.0, 99.8, 0, 0.01) for name in names])
    drawn = [_painted(table, row) for row in range(len(names))]
    assert len(set(drawn)) == len(names)
    assert all(text.endswith(name[-12:]) for text, name in zip(drawn, names, strict=True))
    if width == 460:
        assert drawn == names
    assert "right/joints_velocity_measured:" in table.view.model().index(1, 1).data(
        Qt.ItemDataRole.ToolTipRole
    )


def test_name_gives_up_its_side_before_its_end():
    metrics = QFontMetrics(font(12))
    name = "right/joints_measured"
    whole = metrics.horizontalAdvance(name)
    assert fitted_name(name, whole, metrics) == name
    assert fitted_name(name, whole - 1, metrics) == "R/joints_measured"
    tight = fitted_name(name, metrics.horizontalAdvance("R/_measured...."), metrics)
    assert tight.startswith("R/")
    assert tight.endswith("measured")
    assert fitted_name("left_wrist/rgb", metrics.horizontalAdvance("left_wrist/rg"), metrics) == (
        "L_wrist/rgb"
    )


def test_words_of_the_state_and_figures_fit_their_columns(shown):
    table = shown(HealthTable(), 340, 240)
    rows = [WAITING, EVENTS, StreamHealth("a/b", 200.0, 199.9, 999, 0.9)]
    table.set_health(rows)
    for column in (0, 2, 3, 4):
        assert table.view.sizeHintForColumn(column) <= table.view.columnWidth(column) + 2
