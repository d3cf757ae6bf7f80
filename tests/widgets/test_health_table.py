"""The health table says of every stream how it does."""

from PySide6.QtCore import QPoint, Qt

from widgets.health_table import HealthTable, StreamHealth

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
