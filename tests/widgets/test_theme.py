"""The theme is readable: contrast, icons, no leftover tokens."""

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSlider,
    QSpinBox,
    QTabBar,
    QTableWidget,
    QTextEdit,
    QToolButton,
    QTreeWidget,
    QVBoxLayout,
    QWidget,
)
from support.activation import activate

from resources import ROOT
from widgets.marks import WORDS, Level, level_color
from widgets.theme import color, colors, icon, style_sheet

TEXT_ON = [
    ("text", "background"),
    ("text", "panel"),
    ("text", "raised"),
    ("text", "pressed"),
    ("dim", "background"),
    ("dim", "panel"),
    ("dim", "raised"),
    ("accent", "panel"),
    ("on_accent", "accent"),
    ("on_accent", "warn"),
    ("ok", "panel"),
    ("warn", "panel"),
    ("bad", "panel"),
    ("bad", "background"),
    ("on_stop", "stop"),
    ("on_stop", "stop_pressed"),
    ("text", "selected"),
    ("warn", "background"),
    ("warn", "raised"),
    ("bad", "raised"),
    ("ok", "background"),
    ("accent", "background"),
    ("accent", "raised"),
]
RING_ON = ("background", "panel", "raised", "pressed", "line")  # beside the focus ring
FOCUSABLE = (
    QPushButton, QToolButton, QComboBox, QLineEdit, QSpinBox, QDoubleSpinBox, QCheckBox,
    QRadioButton, QSlider, QTabBar, QListWidget, QTreeWidget, QTableWidget, QTextEdit,
    QPlainTextEdit,
)  # fmt: skip


def _contrast_ratio(first: str, second: str) -> float:
    """WCAG 2.1 contrast ratio of two ``#rrggbb`` colours, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(value: str) -> float:
    channels = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_of_black_and_white_is_21():
    assert _contrast_ratio("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize(("front", "back"), TEXT_ON)
def test_text_reaches_4_5_to_1(front, back):
    assert _contrast_ratio(colors()[front], colors()[back]) >= 4.5


@pytest.mark.parametrize("back", RING_ON)
def test_the_focus_ring_reaches_3_to_1(back):
    assert _contrast_ratio(colors()["focus"], colors()[back]) >= 3.0


def test_every_rule_of_the_style_sheet_with_text_on_a_ground_is_readable():
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style_sheet())
    pairs = []
    for selector, body in rules:
        front = re.search(r"(?<![-\w])color:\s*(#\w{6})", body)
        back = re.search(r"(?<![-\w])background:\s*(#\w{6})", body)
        if front and back and ":disabled" not in selector:
            pairs.append((selector.strip(), front.group(1), back.group(1)))
    assert len(pairs) > 8
    weak = [pair for pair in pairs if _contrast_ratio(pair[1], pair[2]) < 4.5]
    assert weak == []


@pytest.mark.parametrize("kind", FOCUSABLE, ids=lambda kind: kind.__name__)
def test_focus_is_seen_on_every_kind_of_control(kind, qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    layout = QVBoxLayout(page)
    other, control = QPushButton("other"), _filled(kind)
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    layout.addWidget(other)
    layout.addWidget(control)
    page.resize(240, 200)
    page.show()
    activate(page)
    other.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(other.hasFocus)
    before = control.grab().toImage()
    control.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(control.hasFocus)
    after = control.grab().toImage()
    size = before.size()
    changed = sum(
        before.pixel(x, y) != after.pixel(x, y)
        for x in range(size.width())
        for y in range(size.height())
    )
    assert changed > 30


def _filled(kind: type[QWidget]) -> QWidget:
    if kind is QTableWidget:
        return QTableWidget(2, 2)
    if kind is QSlider:
        return QSlider(Qt.Orientation.Horizontal)
    control = kind()
    if isinstance(control, QTabBar):
        control.addTab("first")
        control.addTab("second")
    elif isinstance(control, (QPushButton, QToolButton, QCheckBox, QRadioButton)):
        control.setText("press")
    elif isinstance(control, QListWidget):
        control.addItems(["one", "two"])
    return control


def test_every_icon_paints_something(qapp):
    for path in (ROOT / "icons").glob("*.svg"):
        image = icon(path.stem).pixmap(32, 32).toImage()
        painted = sum(image.pixelColor(x, y).alpha() > 0 for x in range(32) for y in range(32))
        assert painted > 20, path.name


def test_style_sheet_has_no_unknown_colour_left():
    assert "@" not in style_sheet()


def test_every_level_has_a_word_and_a_colour_readable_on_a_panel(qapp):
    for level in WORDS:
        shade = level_color(level)
        assert _contrast_ratio(shade.name(), color("panel").name()) >= 4.5
    assert len(set(WORDS.values())) == len(WORDS)


def test_levels_differ_in_shape_and_not_in_colour_alone(qapp):
    from PySide6.QtCore import QRectF, Qt
    from PySide6.QtGui import QImage, QPainter

    from widgets.marks import paint_mark

    def covered(level: Level) -> frozenset[tuple[int, int]]:
        image = QImage(24, 24, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        paint_mark(painter, QRectF(2, 2, 20, 20), level)
        painter.end()
        return frozenset(
            (x, y) for x in range(24) for y in range(24) if image.pixelColor(x, y).alpha() > 128
        )

    shapes = {covered(level) for level in WORDS}
    assert len(shapes) == len(WORDS)
