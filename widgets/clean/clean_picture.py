"""The picture of the Clean workspace: before and after, overlays, and drawing on it.

Left drag draws on the operator, right drag (or Shift) on what is not the operator. With the *look*
tool a left drag moves the wipe; the wheel magnifies, a drag with the middle button moves what is
magnified.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from recorder.cleaning.masks.keyframes import KeyFrame
from widgets.clean.drawn_marks import DrawnMarks
from widgets.clean.overlays import wiped, with_layers, with_mask
from widgets.clean.picture_words import paint_empty, paint_note
from widgets.clean.picture_zoom import PAN_SHARE, Pane, PictureZoom, paint_pane
from widgets.clean.sketch import Tool
from widgets.theme import color, font

View = Literal["cleaned", "wipe", "side"]
CAPTION_PX = 22
GAP_PX = 6
HANDLE_PX = 10
LEAST_STROKE_PX = 1.5
BOTH = "before | after"


class CleanPicture(QWidget):
    """Shows one picture of a clip.

    Signals
    -------
    stroke_drawn(polyline, bool)
        A stroke in pixels of the picture, and whether it is on the operator.
    polygon_drawn(polyline), box_drawn(tuple)
    wipe_moved(float)
        Share of the width that is seen.
    zoomed()
        The magnification changed.
    """

    stroke_drawn = Signal(object, bool)
    polygon_drawn = Signal(object)
    box_drawn = Signal(object)
    wipe_moved = Signal(float)
    zoomed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: View = "wipe"
        self.wipe = 0.5
        self.show_mask = self.show_layers = False
        self.tool: Tool = "look"
        self.brush_px = 9.0
        self.zoom = PictureZoom()
        self._before: NDArray[np.uint8] | None = None
        self._after: NDArray[np.uint8] | None = None
        self._mask: NDArray[np.bool_] | None = None
        self._grown: NDArray[np.bool_] | None = None
        self._layers: NDArray[np.uint8] | None = None
        self._key: KeyFrame | None = None
        self._empty = ("", "")
        self._note = ""
        self._line: list[tuple[float, float]] = []
        self._corners: list[tuple[float, float]] = []
        self._on_operator = True
        self._wiping = False
        self._held: tuple[float, float] | None = None  # pixel that follows the middle button
        self._made: dict[str, NDArray[np.uint8]] = {}
        self.setMinimumSize(320, 220)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Picture before and after cleaning")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)

    def sizeHint(self) -> QSize:
        return QSize(640, 480 + CAPTION_PX)

    # what is shown

    def set_pictures(
        self,
        before: NDArray[np.uint8] | None,
        after: NDArray[np.uint8] | None = None,
        layers: NDArray[np.uint8] | None = None,
    ) -> None:
        """Show a recorded picture and what became of it; None for none."""
        self._before, self._after, self._layers = before, after, layers
        self._changed()

    def set_mask(
        self, mask: NDArray[np.bool_] | None, grown: NDArray[np.bool_] | None = None
    ) -> None:
        """Show the operator, and what is filled around it, when the mask overlay is on."""
        self._mask, self._grown = mask, grown
        self._changed()

    def set_key(self, key: KeyFrame | None) -> None:
        """Show what was drawn on this picture."""
        self._key = key
        self.update()

    def set_empty(self, title: str, way_out: str) -> None:
        """What to say while there is no picture."""
        self._empty = (title, way_out)
        self.update()

    def set_note(self, note: str) -> None:
        """A sentence at the foot of the picture; empty for none."""
        if note != self._note:
            self._note = note
            self.update()

    def set_view(self, view: View) -> None:
        """Wipe, side by side, or the cleaned picture alone."""
        self.view = view
        self._changed()

    def set_wipe(self, share: float) -> None:
        """Move the edge between before and after, 0 to 1."""
        self.wipe = min(max(share, 0.0), 1.0)
        self.wipe_moved.emit(self.wipe)
        self.update()

    def set_zoom(self, pixels: int | None) -> None:
        """Pixels of the screen per pixel of the picture; None fits it into its pane."""
        self.zoom.pixels = pixels
        self._changed_zoom()

    def pan(self, right: int, down: int) -> None:
        """Look further to the right and down, in steps."""
        panes = self._panes()
        if panes:
            self.zoom.pan(panes[0], PAN_SHARE * right, PAN_SHARE * down)
            self.update()

    def _changed_zoom(self) -> None:
        self.zoomed.emit()
        self.update()

    def set_overlays(self, mask: bool, layers: bool) -> None:
        """Lay mask or layers over the pictures."""
        self.show_mask, self.show_layers = mask, layers
        self._changed()

    def set_tool(self, tool: Tool) -> None:
        """What a drag does."""
        self.tool = tool
        self._line.clear()
        self._corners.clear()
        shape = Qt.CursorShape.ArrowCursor if tool == "look" else Qt.CursorShape.CrossCursor
        self.setCursor(shape)
        self.update()

    def _changed(self) -> None:
        self._made.clear()
        self.update()

    # painting

    def shown_before(self) -> NDArray[np.uint8] | None:
        """The recorded picture with its overlays ``(height, width, 3)``."""
        return self._overlaid("before", self._before)

    def shown_after(self) -> NDArray[np.uint8] | None:
        """The cleaned picture with its overlays."""
        return self._overlaid("after", self._after)

    def _overlaid(self, name: str, image: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
        if image is None:
            return None
        if name not in self._made:
            made = image
            layered = self.show_layers and self._layers is not None
            if layered and self._layers is not None:
                made = with_layers(made, self._layers)
            if self.show_mask and self._mask is not None:
                made = with_mask(made, self._mask, self._grown, tint=not layered)
            self._made[name] = made
        return self._made[name]

    def _panes(self) -> list[Pane]:
        """What is shown, and where."""
        before, after = self.shown_before(), self.shown_after()
        if before is None:
            return []
        ratio = self.devicePixelRatioF()
        whole = QRect(0, CAPTION_PX, self.width(), max(1, self.height() - CAPTION_PX))
        if after is None:
            return [self.zoom.pane("recorded", before, whole, ratio)]
        if self.view == "side":
            half = max(1, (whole.width() - GAP_PX) // 2)
            left = QRect(0, whole.top(), half, whole.height())
            right = left.translated(half + GAP_PX, 0)
            return [
                self.zoom.pane("before", before, left, ratio),
                self.zoom.pane("after", after, right, ratio),
            ]
        if self.view == "wipe":
            pane = self.zoom.pane(BOTH, before, whole, ratio)
            share = (self._wipe_x(pane) - pane.place.left()) / pane.place.width()
            return [replace(pane, data=wiped(before, after, share))]
        return [self.zoom.pane("cleaned", after, whole, ratio)]

    def _wipe_x(self, pane: Pane) -> float:
        """The wipe on the screen: a share of what is seen, so that it is never out of sight."""
        return pane.seen.left() + self.wipe * pane.seen.width()

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("panel"))
        panes = self._panes()
        if not panes:
            paint_empty(painter, self.rect(), *self._empty)
        for pane in panes:
            paint_pane(painter, pane, self.devicePixelRatioF())
            self._paint_caption(painter, pane)
            self._paint_drawn(painter, pane)
        if panes and panes[0].caption == BOTH:
            self._paint_wipe(painter, panes[0])
        if panes and self._note:
            paint_note(painter, self.rect(), self._note)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color("focus"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_caption(self, painter: QPainter, pane: Pane) -> None:
        painter.setFont(font(12, bold=True))
        painter.setPen(color("text"))
        middle, seen = Qt.AlignmentFlag.AlignVCenter, pane.seen
        box = QRectF(seen.left() + 6, 0, seen.width() - 12, CAPTION_PX)
        word = f"  {self.zoom.word}" if self.zoom.word else ""
        if pane.caption == BOTH:
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignLeft, "before")
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignRight, "after")
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignHCenter, word.strip())
        else:
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignHCenter, pane.caption + word)

    def _paint_wipe(self, painter: QPainter, pane: Pane) -> None:
        x, seen = round(self._wipe_x(pane)), pane.seen.toRect()
        for shade, wide in (("background", 4), ("accent", 2)):
            painter.setPen(QPen(color(shade), wide))
            painter.drawLine(x, seen.top(), x, seen.bottom())
        painter.setBrush(color("accent"))
        painter.drawEllipse(QPointF(x, seen.center().y()), HANDLE_PX / 2, HANDLE_PX / 2)

    def _paint_drawn(self, painter: QPainter, pane: Pane) -> None:
        painter.save()
        painter.setClipRect(pane.space)
        marks = DrawnMarks(painter, pane.place, pane.scale)
        if self._key is not None:
            marks.key_frame(self._key, pane.seen)
        if self._line and self.tool == "stroke":
            marks.stroke(tuple(self._line), self._on_operator, self.brush_px)
        if len(self._line) == 2 and self.tool == "box":
            (x0, y0), (x1, y1) = self._line
            marks.outline(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), closed=True)
        if self._corners:
            marks.outline(tuple(self._corners), closed=False)
        painter.restore()

    # the mouse

    def _pane_at(self, at: QPointF) -> Pane | None:
        """The pane under the mouse."""
        for pane in self._panes():
            if pane.seen.adjusted(-1, -1, 1, 1).contains(at):
                return pane
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        pane = self._pane_at(event.position())
        if pane is None:
            return
        at = pane.pixel(event.position())
        if event.button() == Qt.MouseButton.MiddleButton:
            self._held = at
            return
        right = event.button() == Qt.MouseButton.RightButton
        if self.tool == "look":
            self._wiping = self.view == "wipe" and self._after is not None
            self._follow_wipe(event.position())
        elif self.tool == "polygon":
            self._add_corner(at, close=right)
        else:
            shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._on_operator = not (right or shifted)
            self._line = [at]
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._wiping:
            self._follow_wipe(event.position())
        if self._held is not None and (pane := self._pane_at(event.position())) is not None:
            self.zoom.hold(pane, event.position(), self._held)
            self.update()
        if not self._line or (pane := self._pane_at(event.position())) is None:
            return
        at = pane.pixel(event.position())
        if self.tool == "box":
            self._line = [self._line[0], at]
        elif np.hypot(at[0] - self._line[-1][0], at[1] - self._line[-1][1]) >= LEAST_STROKE_PX:
            self._line.append(at)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._wiping, self._held = False, None
        line, self._line = self._line, []
        if self.tool == "stroke" and line:
            self.stroke_drawn.emit(tuple(line), self._on_operator)
        elif self.tool == "box" and len(line) == 2:
            (x0, y0), (x1, y1) = line
            if abs(x1 - x0) > 3 and abs(y1 - y0) > 3:
                self.box_drawn.emit((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tool == "polygon":
            self.close_polygon()

    def wheelEvent(self, event: QWheelEvent) -> None:
        pane, turned = self._pane_at(event.position()), event.angleDelta().y()
        if pane is None or turned == 0:
            event.ignore()
            return
        at, pixel = event.position(), pane.pixel(event.position())
        self.zoom.step(turned > 0, pane, self.devicePixelRatioF())
        self.zoom.hold(self._pane_at(at) or pane, at, pixel)
        self._changed_zoom()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and (self._corners or self._line):
            self._corners.clear()
            self._line.clear()
            self.update()
        else:
            super().keyPressEvent(event)

    def close_polygon(self) -> bool:
        """End the outline that is being drawn; False when it has fewer than three corners."""
        corners, self._corners = self._corners, []
        self.update()
        if len(corners) < 3:
            return False
        self.polygon_drawn.emit(tuple(corners))
        return True

    def _add_corner(self, at: tuple[float, float], close: bool) -> None:
        if close:
            self.close_polygon()
            return
        first = self._corners[0] if self._corners else None
        if (
            first is not None
            and len(self._corners) >= 3
            and np.hypot(at[0] - first[0], at[1] - first[1]) < 8
        ):
            self.close_polygon()
        else:
            self._corners.append(at)

    def _follow_wipe(self, at: QPointF) -> None:
        panes = self._panes()
        if self._wiping and panes:
            seen = panes[0].seen
            self.set_wipe((at.x() - seen.left()) / max(1.0, seen.width()))
