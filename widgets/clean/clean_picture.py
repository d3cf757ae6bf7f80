"""The picture of the Clean workspace: before and after, overlays, and drawing on it.

Left drag draws on the operator, right drag (or Shift) on what is not the operator. With the *look*
tool a left drag moves the wipe.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from recorder.cleaning.masks.keyframes import KeyFrame
from widgets.clean.drawn_marks import DrawnMarks
from widgets.clean.overlays import wiped, with_layers, with_mask
from widgets.clean.sketch import Tool
from widgets.image_tile import resized
from widgets.theme import color, font

View = Literal["cleaned", "wipe", "side"]
CAPTION_PX = 22
GAP_PX = 6
HANDLE_PX = 10
LEAST_STROKE_PX = 1.5


class CleanPicture(QWidget):
    """Shows one picture of a clip.

    Signals
    -------
    stroke_drawn(polyline, bool)
        A stroke in pixels of the picture, and whether it is on the operator.
    polygon_drawn(polyline), box_drawn(tuple)
    wipe_moved(float)
        Share of the width.
    """

    stroke_drawn = Signal(object, bool)
    polygon_drawn = Signal(object)
    box_drawn = Signal(object)
    wipe_moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view: View = "wipe"
        self.wipe = 0.5
        self.show_mask = self.show_layers = False
        self.tool: Tool = "look"
        self.brush_px = 9.0
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

    def _panes(self) -> list[tuple[str, NDArray[np.uint8], QRect]]:
        """Caption, picture and place of what is shown."""
        before, after = self.shown_before(), self.shown_after()
        if before is None:
            return []
        whole = QRect(0, CAPTION_PX, self.width(), max(1, self.height() - CAPTION_PX))
        if after is None:
            return [("recorded", before, _fitted(before, whole))]
        if self.view == "side":
            half = max(1, (whole.width() - GAP_PX) // 2)
            left = QRect(0, whole.top(), half, whole.height())
            right = left.translated(half + GAP_PX, 0)
            return [
                ("before", before, _fitted(before, left)),
                ("after", after, _fitted(after, right)),
            ]
        if self.view == "wipe":
            both = wiped(before, after, self.wipe)
            return [("before | after", both, _fitted(both, whole))]
        return [("cleaned", after, _fitted(after, whole))]

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("panel"))
        panes = self._panes()
        if not panes:
            self._paint_empty(painter)
        for caption, picture, place in panes:
            self._paint_picture(painter, picture, place)
            self._paint_caption(painter, caption, place)
            self._paint_drawn(painter, place)
        if panes and panes[0][0] == "before | after":
            self._paint_wipe(painter, panes[0][2])
        if panes and self._note:
            self._paint_note(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color("focus"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_picture(self, painter: QPainter, data: NDArray[np.uint8], place: QRect) -> None:
        ratio = self.devicePixelRatioF()
        size = QSize(round(place.width() * ratio), round(place.height() * ratio))
        pixels = np.ascontiguousarray(resized(data, size, cv2.INTER_AREA))
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(place.topLeft(), image)

    def _paint_caption(self, painter: QPainter, caption: str, place: QRect) -> None:
        painter.setFont(font(12, bold=True))
        painter.setPen(color("text"))
        middle = Qt.AlignmentFlag.AlignVCenter
        box = QRect(place.left() + 6, 0, place.width() - 12, CAPTION_PX)
        if caption == "before | after":
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignLeft, "before")
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignRight, "after")
        else:
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignHCenter, caption)

    def _paint_wipe(self, painter: QPainter, place: QRect) -> None:
        x = place.left() + round(self.wipe * place.width())
        painter.setPen(QPen(color("background"), 4))
        painter.drawLine(x, place.top(), x, place.bottom())
        painter.setPen(QPen(color("accent"), 2))
        painter.drawLine(x, place.top(), x, place.bottom())
        painter.setBrush(color("accent"))
        painter.drawEllipse(QPointF(x, place.center().y()), HANDLE_PX / 2, HANDLE_PX / 2)

    def _paint_drawn(self, painter: QPainter, place: QRect) -> None:
        marks = DrawnMarks(painter, place, self._scale(place))
        if self._key is not None:
            marks.key_frame(self._key)
        if self._line and self.tool == "stroke":
            marks.stroke(tuple(self._line), self._on_operator, self.brush_px)
        if len(self._line) == 2 and self.tool == "box":
            (x0, y0), (x1, y1) = self._line
            marks.outline(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), closed=True)
        if self._corners:
            marks.outline(tuple(self._corners), closed=False)

    def _paint_note(self, painter: QPainter) -> None:
        painter.setFont(font(12))
        metrics = QFontMetrics(font(12))
        room = self.width() - 32
        bounds = metrics.boundingRect(QRect(0, 0, room, 200), Qt.TextFlag.TextWordWrap, self._note)
        box = QRectF(0, 0, bounds.width() + 16, bounds.height() + 8)
        box.moveCenter(QPointF(self.width() / 2, self.height() - box.height() / 2 - 6))
        shade = QColor(color("background"))
        shade.setAlpha(225)
        painter.fillRect(box, shade)
        painter.setPen(color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._note)

    def _paint_empty(self, painter: QPainter) -> None:
        title, way_out = self._empty
        middle = self.height() // 2
        centred = Qt.AlignmentFlag.AlignHCenter
        painter.setPen(color("text"))
        painter.setFont(font(15, bold=True))
        painter.drawText(QRect(24, middle - 34, self.width() - 48, 26), centred, title)
        painter.setPen(color("dim"))
        painter.setFont(font(13))
        painter.drawText(
            QRect(24, middle, self.width() - 48, self.height() - middle),
            centred | Qt.TextFlag.TextWordWrap,
            way_out,
        )

    # the mouse

    def _scale(self, place: QRect) -> float:
        assert self._before is not None
        return place.width() / self._before.shape[1]

    def _to_picture(self, at: QPointF) -> tuple[float, float] | None:
        """Pixel of the picture under the mouse, kept within the pane it began in."""
        for _, data, place in self._panes():
            near = place.adjusted(-1, -1, 1, 1)
            if near.contains(at.toPoint()):
                return self._pixel(at, place, data.shape)
        return None

    def _pixel(self, at: QPointF, place: QRect, shape: tuple[int, ...]) -> tuple[float, float]:
        scale = self._scale(place)
        x = min(max((at.x() - place.left()) / scale, 0.0), shape[1] - 1.0)
        y = min(max((at.y() - place.top()) / scale, 0.0), shape[0] - 1.0)
        return round(x, 1), round(y, 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        at = self._to_picture(event.position())
        if at is None:
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
        if not self._line:
            return
        at = self._to_picture(event.position())
        if at is None:
            return
        if self.tool == "box":
            self._line = [self._line[0], at]
        elif np.hypot(at[0] - self._line[-1][0], at[1] - self._line[-1][1]) >= LEAST_STROKE_PX:
            self._line.append(at)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._wiping = False
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
            place = panes[0][2]
            self.set_wipe((at.x() - place.left()) / max(1, place.width()))


def _fitted(data: NDArray[np.uint8], space: QRect) -> QRect:
    rows, columns = data.shape[:2]
    scale = min(space.width() / columns, space.height() / rows)
    width, height = max(1, int(columns * scale)), max(1, int(rows * scale))
    return QRect(
        space.left() + (space.width() - width) // 2,
        space.top() + (space.height() - height) // 2,
        width,
        height,
    )
