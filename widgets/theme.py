"""The look of the program: palette, fonts, style sheet and icons.

Colours are data (``resources/themes/dark.yaml``). A state is never shown by colour alone: see
``widgets.marks`` for the shapes and words that go with it. Distances are multiples of 4 px.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

import yaml
from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from resources import ROOT

GRID_PX = 8
FONT_PX = 13
FONT_FAMILIES = ("Noto Sans", "DejaVu Sans", "Segoe UI", "Helvetica Neue")
ICON_STROKE = "#e8ecf2"


class _Restyled(Protocol):
    def style(self): ...


@cache
def colors() -> dict[str, str]:
    """Colour names and their ``#rrggbb`` values."""
    return yaml.safe_load((ROOT / "themes" / "dark.yaml").read_text())


@cache
def color(name: str) -> QColor:
    """The colour ``name`` of the theme."""
    return QColor(colors()[name])


@cache
def font(pixels: int = FONT_PX, *, bold: bool = False) -> QFont:
    """The user interface font in tabular figures, so that live numbers do not jitter."""
    families = set(QFontDatabase.families())
    chosen = [family for family in FONT_FAMILIES if family in families]
    made = QFont(chosen or ["sans-serif"])
    made.setPixelSize(pixels)
    made.setBold(bold)
    if hasattr(QFont, "Tag"):  # Qt 6.7 and later
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


@cache
def icon(name: str, tint: str = "text") -> QIcon:
    """The icon ``resources/icons/<name>.svg`` in a theme colour, with a dim disabled state."""
    source = (ROOT / "icons" / f"{name}.svg").read_text()
    made = QIcon()
    for mode, shade in ((QIcon.Mode.Normal, tint), (QIcon.Mode.Disabled, "faint")):
        for pixels in (16, 32):
            made.addPixmap(_render(source, colors()[shade], pixels), mode)
    return made


def _render(source: str, shade: str, pixels: int) -> QPixmap:
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    svg = QSvgRenderer(QByteArray(source.replace(ICON_STROKE, shade).encode()))
    svg.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return pixmap


def style_sheet() -> str:
    """The style sheet with every ``@name`` replaced by its colour."""
    text = (ROOT / "themes" / "dark.qss").read_text()
    text = text.replace("@icons", (ROOT / "icons").as_posix())
    for name in sorted(colors(), key=len, reverse=True):
        text = text.replace(f"@{name}", colors()[name])
    return text


def apply_theme(app: QApplication) -> None:
    """Give ``app`` the palette, font and style sheet of the theme."""
    app.setStyle("Fusion")
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: "background",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Base: "panel",
        QPalette.ColorRole.AlternateBase: "raised",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.Button: "raised",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.BrightText: "bad",
        QPalette.ColorRole.ToolTipBase: "raised",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.PlaceholderText: "dim",
    }
    for role, name in roles.items():
        palette.setColor(role, color(name))
    app.setPalette(palette)
    app.setFont(font())
    app.setStyleSheet(style_sheet())


def restyle(widget: _Restyled, name: str, value: object) -> None:
    """Set the dynamic property ``name`` and let the style sheet see it."""
    if widget.property(name) == value:  # type: ignore[attr-defined]
        return
    widget.setProperty(name, value)  # type: ignore[attr-defined]
    widget.style().unpolish(widget)
    widget.style().polish(widget)
