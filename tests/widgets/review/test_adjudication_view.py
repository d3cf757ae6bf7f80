"""Two reviewers' labels side by side: what is drawn, and what a press means."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from recorder.review.schema import load_label_schemas
from recorder.review.state import LabelState, Phase
from widgets.review.adjudication_view import AdjudicationView, DisagreementLine
from widgets.review.label_strips import CAPTION_PX, MARGIN_PX, STRIP_PX, LabelStrips
from widgets.theme import color

S = 1_000_000_000
SCHEMA = load_label_schemas()["*"]
LINES = [
    DisagreementLine("all", "outcome", "success", "failure", "R1"),
    DisagreementLine("3.00 s", "phase grasp", "3.00 - 9.00", "5.00 - 9.00"),
]


def grasp(start_s: int) -> LabelState:
    return LabelState(phases={"a": Phase(label="grasp", start_ns=start_s * S, stop_ns=9 * S)})


@pytest.fixture
def strips(shown) -> LabelStrips:
    made = LabelStrips()
    states = (("A  R1", grasp(3)), ("B  R2", grasp(5)), ("settled", LabelState()))
    made.set_strips(states, SCHEMA, 10 * S)
    return shown(made, CAPTION_PX + MARGIN_PX + 1000, 3 * STRIP_PX)


def test_each_reviewers_phase_begins_where_they_said(strips: LabelStrips, pixel):
    shade = color("ok")  # second of the phases
    for row, start_s in ((0, 3), (1, 5)):
        y = row * STRIP_PX + 23
        edge = CAPTION_PX + start_s * 100
        assert pixel(strips, edge + 6, y) == shade
        assert pixel(strips, edge - 6, y) != shade
    assert pixel(strips, CAPTION_PX + 600, 2 * STRIP_PX + 23) != shade, "nothing is settled yet"


def test_a_press_on_the_strips_goes_to_that_instant(strips: LabelStrips, qtbot):
    with qtbot.waitSignal(strips.time_picked) as told:
        QTest.mouseClick(strips, Qt.MouseButton.LeftButton, pos=QPoint(CAPTION_PX + 500, 10))
    assert told.args[0] == pytest.approx(5 * S, abs=20_000_000)


def test_lines_say_who_said_what_and_what_is_settled(shown, qtbot):
    view = shown(AdjudicationView(), 410, 500)
    view.set_sides("R1", "R2", "Z", "X")
    view.set_lines(LINES, 1)
    texts = [[view.table.item(row, at).text() for at in range(5)] for row in range(2)]
    assert texts[0] == ["all", "outcome", "success", "failure", "R1"]
    assert view.table.currentRow() == 1
    assert view.buttons["b"].text() == "Take R2's  X"
    with qtbot.waitSignal(view.side_picked) as told:
        view.buttons["b"].click()
    assert told.args == ["b"]
    with qtbot.waitSignal(view.row_picked) as told:
        view.table.cellClicked.emit(0, 2)
    assert told.args == [0]


def test_the_audit_trail_lists_old_and_new(shown):
    view = shown(AdjudicationView(), 410, 500)
    view.set_audit([("12:03:04", "R1", "quality 4", "nothing", "4")])
    assert [view.audit.item(0, at).text() for at in range(5)][1:] == [
        "R1", "quality 4", "nothing", "4",
    ]  # fmt: skip
