"""The library can be searched, filtered, ranked, selected and opened with keys alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget
from support.activation import activate
from support.library_rows import library_row

from recorder.library.rows import LibraryQuery, LibraryRow
from recorder.library.triage import triage
from widgets.library.library_view import NO_EPISODES, NO_MATCH, LibraryView
from widgets.theme import color

Key, Shift, Control = Qt.Key, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
PICTURE_COLUMN = 0


def rows_of_two_tasks(count: int = 12) -> list[LibraryRow]:
    return [
        library_row(
            number,
            task="ball" if number % 3 else "plug",
            instruction="",
            duration_s=float(20 - number),
            outcome="failure" if number % 4 == 0 else "success",
            quality=number % 5 + 1,
            idle_share=0.5 if number == 7 else 0.1,
        )
        for number in range(count)
    ]


@pytest.fixture
def view(qtbot, shown) -> LibraryView:
    made = LibraryView()
    made.set_rows(rows_of_two_tasks())
    shown(made, 1280, 800)
    activate(made)
    made.table.setFocus()
    qtbot.waitUntil(made.table.hasFocus)
    return made


def numbers(view: LibraryView) -> list[int]:
    return [int(uuid, 16) for uuid in view.shown()]


def chosen(view: LibraryView) -> list[int]:
    return [int(uuid, 16) for uuid in view.selected()]


def column(view: LibraryView, name: str) -> int:
    model = view.table.model()
    heads = [
        str(model.headerData(at, Qt.Orientation.Horizontal)) for at in range(model.columnCount())
    ]
    return next(at for at, head in enumerate(heads) if name in head)


def cell(view: LibraryView, row: int, name: str) -> str:
    return view.table.model().index(row, column(view, name)).data()


def test_slash_typing_and_enter_find_an_episode_and_open_it(view: LibraryView, qtbot) -> None:
    qtbot.keyClicks(view.table, "/")
    assert view.filters.search.hasFocus()
    with qtbot.waitSignal(view.query_changed) as changed:
        qtbot.keyClicks(view.filters.search, "000009")
    assert changed.args[0].text.startswith("0")
    assert numbers(view) == [9]
    qtbot.keyClick(view.filters.search, Key.Key_Return)
    assert view.table.hasFocus()
    with qtbot.waitSignal(view.opened) as opened:
        qtbot.keyClick(view.table, Key.Key_Return)
    assert int(opened.args[0], 16) == 9


def test_escape_clears_the_filters_from_the_table_and_from_the_search(
    view: LibraryView, qtbot
) -> None:
    for start in (view.table, view.filters.search):
        view.filters.search.setText("plug")
        assert numbers(view) == [0, 3, 6, 9]
        start.setFocus()
        with qtbot.waitSignal(view.query_changed) as changed:
            qtbot.keyClick(start, Key.Key_Escape)
        assert changed.args == [LibraryQuery()]
        assert len(numbers(view)) == 12
        assert view.table.hasFocus()


def test_arrows_move_and_only_space_selects(view: LibraryView, qtbot) -> None:
    assert chosen(view) == [0], "the current one counts while none is selected"
    qtbot.keyClick(view.table, Key.Key_Down)
    assert chosen(view) == [1]
    qtbot.keyClick(view.table, Key.Key_Space)
    qtbot.keyClick(view.table, Key.Key_Down)
    with qtbot.waitSignal(view.selection_changed):
        qtbot.keyClick(view.table, Key.Key_Space)
    assert chosen(view) == [1, 3]
    assert view.position.text() == "5 of 12   2 selected"
    qtbot.keyClick(view.table, Key.Key_Up)
    qtbot.keyClick(view.table, Key.Key_Space)
    assert chosen(view) == [1]


def test_shift_selects_a_range_and_control_a_everything(view: LibraryView, qtbot) -> None:
    qtbot.keyClick(view.table, Key.Key_Down, Shift)
    qtbot.keyClick(view.table, Key.Key_Down, Shift)
    assert chosen(view) == [0, 1, 2]
    qtbot.keyClick(view.table, Key.Key_A, Control)
    assert chosen(view) == list(range(12))


def test_selection_and_current_survive_filters_orders_and_new_rows(
    view: LibraryView, qtbot
) -> None:
    qtbot.keyClick(view.table, Key.Key_Space)
    qtbot.keyClick(view.table, Key.Key_Down)
    qtbot.keyClick(view.table, Key.Key_Down)
    qtbot.keyClick(view.table, Key.Key_Space)
    assert chosen(view) == [0, 3]
    assert int(view.current, 16) == 4
    view.table.horizontalHeader().sectionClicked.emit(column(view, "length"))
    assert chosen(view) == [3, 0]
    assert int(view.current, 16) == 4
    view.set_rows([*rows_of_two_tasks(), library_row(50)])
    assert chosen(view) == [3, 0]
    view.filters.search.setText("plug")
    assert chosen(view) == [3, 0]


def test_a_column_head_sorts_and_turns_round(view: LibraryView) -> None:
    head = view.table.horizontalHeader()
    head.sectionClicked.emit(column(view, "length"))
    assert numbers(view) == list(range(11, -1, -1))
    assert view.sorting.currentText() == "length"
    head.sectionClicked.emit(column(view, "length"))
    assert numbers(view) == list(range(12))
    assert view.direction.text() == "descending"
    head.sectionClicked.emit(column(view, "outcome"))
    assert numbers(view)[-3:] == [0, 4, 8]


def test_the_order_can_be_chosen_without_pointing(view: LibraryView, qtbot) -> None:
    view.sorting.setFocus()
    qtbot.keyClicks(view.sorting, "le")
    assert numbers(view) == list(range(11, -1, -1))
    qtbot.keyClick(view.direction, Key.Key_Space)
    assert numbers(view) == list(range(12))


def test_triage_shows_rank_reasons_and_position(view: LibraryView, qtbot) -> None:
    rows = [*rows_of_two_tasks(), library_row(20, task="ball", duration_s=300.0, idle_share=0.1)]
    view.set_rows(rows)
    view.set_triage(triage(rows))
    qtbot.keyClick(view.triage_button, Key.Key_Space)
    assert numbers(view)[:2] == [7, 20]
    assert cell(view, 0, "why").startswith("idle 50 % (median 10 %)")
    assert cell(view, 1, "rank") == "2"
    qtbot.keyClick(view.table, Key.Key_Home, Control)
    qtbot.keyClick(view.table, Key.Key_Down)
    assert view.position.text() == f"2 of {len(numbers(view))}"
    qtbot.keyClick(view.triage_button, Key.Key_Space)
    assert numbers(view) == [*range(12), 20]


def test_empty_states_say_what_to_do(view: LibraryView, qtbot) -> None:
    qtbot.keyClicks(view.table, "/")
    qtbot.keyClicks(view.filters.search, "zebra")
    assert view.empty.isVisible()
    assert view.empty.text() == NO_MATCH
    assert view.count.text() == "0 of 12 episodes"
    qtbot.keyClick(view.filters.search, Key.Key_Escape)
    assert not view.empty.isVisible()
    view.triage_button.setChecked(True)
    assert view.empty.text() == "Nothing stands out among these episodes."
    view.triage_button.setChecked(False)
    view.set_rows([])
    assert view.empty.text() == NO_EPISODES
    assert view.selected() == []


def test_a_filter_that_empties_the_table_leaves_escape_working(view: LibraryView, qtbot) -> None:
    view.table.setFocus()
    view.filters.shortest.setText("1000")
    assert view.empty.isVisible()
    assert view.filters.search.hasFocus()
    qtbot.keyClick(view.filters.search, Key.Key_Escape)
    assert len(numbers(view)) == 12


def test_outcome_is_told_by_word_and_shape_and_to_screen_readers(view: LibraryView) -> None:
    index = view.table.model().index(0, column(view, "outcome"))
    assert index.data() == "failure"
    assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "outcome: failure"
    view.set_rows([library_row(0, outcome="disputed", reviewers=("a", "b"))])
    assert cell(view, 0, "outcome") == "disputed"


def test_pictures_are_read_when_they_are_seen_and_once(view: LibraryView, qtbot) -> None:
    asked: list[str] = []
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 2] = 255

    def picture(uuid: str) -> bytes:
        asked.append(uuid)
        return cv2.imencode(".jpg", red)[1].tobytes() if int(uuid, 16) == 0 else b""

    view.set_rows([library_row(number) for number in range(500)])
    view.set_thumbnails(picture)

    def is_red() -> bool:
        place = view.table.visualRect(view.table.model().index(0, PICTURE_COLUMN)).center()
        shade = view.table.viewport().grab().toImage().pixelColor(place)
        return shade.red() > 200 and shade.green() < 60

    qtbot.waitUntil(is_red)
    assert len(asked) == len(set(asked)) < 100


def test_double_click_opens(view: LibraryView, qtbot) -> None:
    spot = view.table.visualRect(view.table.model().index(2, 1)).center()
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert chosen(view) == [2]
    with qtbot.waitSignal(view.opened) as opened:
        qtbot.mouseDClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(spot))
    assert int(opened.args[0], 16) == 2


def test_letters_are_left_to_the_workspace(view: LibraryView, qtbot) -> None:
    qtbot.keyClicks(view.table, "5p")
    assert int(view.current, 16) == 0, "Qt would jump to the row that begins with 5"


def test_every_control_has_a_name_and_is_reached_by_tab(view: LibraryView) -> None:
    controls = [
        widget
        for kind in (QLineEdit, QComboBox, QAbstractButton)
        for widget in view.findChildren(kind)
        if not _is_part_of_another(widget)
    ]
    assert len(controls) > 15
    for control in controls:
        named = control.accessibleName() or getattr(control, "text", str)()
        assert named, control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, named


def test_a_blind_reviewer_sees_neither_people_nor_verdicts(view: LibraryView) -> None:
    view.set_rows([library_row(0, text="clear failure", outcome="failure"), library_row(1)])
    view.set_query(LibraryQuery(text="plug", outcomes=frozenset({"failure"})))
    view.set_blind(True)
    assert numbers(view) == [0, 1], "a hidden filter must not sort the failures out"
    model = view.table.model()
    told = " ".join(
        str(model.index(0, at).data(role))
        for at in range(model.columnCount())
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    )
    assert "failure" not in told
    assert "P07" not in told
    assert not view.filters.outcome.isEnabled()
    assert not view.triage_button.isEnabled()
    for text in ("clear", "P07"):
        view.filters.search.setText(text)
        assert numbers(view) == []
    view.set_blind(False)
    assert numbers(view) == [0, 1]
    assert cell(view, 0, "outcome") == "failure"


def test_focus_is_shown_at_the_current_row_and_not_on_every_row(view: LibraryView, qtbot) -> None:
    def shade(row: int, offset: int) -> str:
        box = view.table.visualRect(view.table.model().index(row, column(view, "labels")))
        picture = view.table.viewport().grab().toImage()
        return picture.pixelColor(box.right() - 8, box.top() + offset).name()

    assert shade(0, 0) == color("accent").name()
    assert {shade(row, 28) for row in range(4)} == {color("panel").name()}
    view.filters.search.setFocus()
    qtbot.waitUntil(lambda: shade(0, 0) != color("accent").name())


def _is_part_of_another(widget: QWidget) -> bool:
    parents = (QComboBox, QLineEdit)
    parent = widget.parentWidget()
    corner = type(parent).__name__ == "EpisodeTable"
    return isinstance(parent, parents) or corner
