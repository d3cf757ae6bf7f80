"""The theme is readable: contrast, icons, no leftover tokens."""

import pytest

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
]


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
