"""A visuotactile fingertip: its picture, or the difference to an untouched reference."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QToolButton, QWidget

from devices.stream import Sample, StreamSpec
from widgets.freshness import STALE_AFTER_S
from widgets.image_tile import ImageTile, resized
from widgets.theme import color, font, icon

AMPLIFICATION = 4.0  # gel shading changes by a few grey levels at a light touch


class VisuotactileTile(ImageTile):
    """Like a camera, with a switch from the picture to its difference from a reference.

    The first sample is the reference until ``set_reference`` takes another; the difference is
    absolute, amplified four times, so that an untouched gel is black.
    """

    def __init__(
        self,
        spec: StreamSpec,
        title: str = "",
        stale_after_s: float | None = STALE_AFTER_S,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(spec, title or spec.name.split("/")[0].replace("_", " "), stale_after_s,
                         parent)  # fmt: skip
        self._reference: NDArray[np.uint8] | None = None
        self.difference_button = self._button(
            "difference", "Show the difference to the reference instead of the picture"
        )
        self.difference_button.setCheckable(True)
        self.difference_button.toggled.connect(self._on_difference_toggled)
        self.reference_button = self._button(
            "reference", "Take the picture of now as the untouched reference"
        )
        self.reference_button.clicked.connect(self._on_reference_clicked)

    def _button(self, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(name))
        button.setIconSize(QSize(14, 14))
        button.setToolTip(tip)
        button.setProperty("compact", True)
        button.setFixedSize(28, 24)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def set_reference(self, image: NDArray[np.uint8] | None = None) -> None:
        """Take ``image`` (or the picture of now) as the untouched reference."""
        if image is None and self._sample is not None:
            image = self._sample.data
        if image is not None:
            self._reference = np.array(image, dtype=np.uint8)
            self._scaled = None
            self.update()

    @property
    def shows_difference(self) -> bool:
        """Whether the tile shows the difference to the reference."""
        return self.difference_button.isChecked()

    def show_sample(self, sample: Sample) -> None:
        super().show_sample(sample)
        if self._reference is None:
            self.set_reference()

    def resizeEvent(self, event: QEvent) -> None:
        top = self.header_px + 4
        self.difference_button.move(self.width() - 32, top)
        self.reference_button.move(self.width() - 64, top)
        super().resizeEvent(event)  # type: ignore[arg-type]

    def _on_difference_toggled(self, checked: bool) -> None:
        self.difference_button.setIcon(icon("difference", "on_accent" if checked else "text"))
        self._scaled = None
        self.update()

    def _on_reference_clicked(self) -> None:
        self.set_reference()

    def _colours(self, data: NDArray, size: QSize) -> NDArray[np.uint8]:
        picture = resized(data, size, cv2.INTER_AREA)
        if not self.shows_difference or self._reference is None:
            return picture
        change = cv2.absdiff(picture, resized(self._reference, size, cv2.INTER_AREA))
        return cv2.convertScaleAbs(change, alpha=AMPLIFICATION)

    def _paint_over(self, painter: QPainter, rect: QRect) -> None:
        if not self.shows_difference:
            return
        painter.setFont(font(11))
        text = f"difference \N{MULTIPLICATION SIGN}{AMPLIFICATION:.0f}"
        box = painter.fontMetrics().boundingRect(text).adjusted(-4, -2, 4, 2)
        box.moveBottomLeft(rect.bottomLeft())
        painter.fillRect(box, color("background"))
        painter.setPen(color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
