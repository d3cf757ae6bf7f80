"""Lays out pictures so that little of the space is left empty.

One picture may be large at the left with the others in a grid beside it, or all alike in a grid;
whichever shows the most. Any one of them can fill the whole space.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

GAP_PX = 4
HEADER_PX = 24  # of a tile: no picture there
LEAST_PX = 48  # of a tile: the grid decides, not the tile
RAGGED = 0.96  # per further size of tile: a calm grid is worth a little of the pictures
FAIRNESS = 0.5  # exponent of a picture's area; lower gives small ones more weight
FIRST_AT_MOST = 0.62  # of the width, for the large picture


class PictureGrid(QWidget):
    """Holds tiles; each has a shape (width over height) it is best seen at."""

    maximised_changed = Signal(int)  # place of the tile, -1: none
    arranged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles: list[QWidget] = []
        self._aspects: list[float] = []
        self._maximised = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 140)

    def sizeHint(self) -> QSize:
        return QSize(900, 320)

    @property
    def tiles(self) -> tuple[QWidget, ...]:
        """Tiles in order; the first is the large one."""
        return tuple(self._tiles)

    @property
    def maximised(self) -> int:
        """Place of the tile that fills the space, -1 when none does."""
        return self._maximised

    def set_tiles(self, tiles: Sequence[QWidget], aspects: Sequence[float]) -> None:
        """Hold these; those held before that are not among them are taken apart and deleted."""
        for tile in self._tiles:
            tile.removeEventFilter(self)
            if tile not in tiles:
                tile.hide()
                tile.deleteLater()
        self._tiles, self._aspects, self._maximised = list(tiles), list(aspects), -1
        for tile in self._tiles:
            tile.setParent(self)
            tile.setMinimumSize(LEAST_PX, LEAST_PX)
            tile.installEventFilter(self)
            for part in tile.findChildren(QWidget):
                part.installEventFilter(self)
        self._arrange()

    def maximise(self, place: int) -> None:
        """Let one tile fill the space; -1 shows all."""
        place = place if 0 <= place < len(self._tiles) else -1
        if place != self._maximised:
            self._maximised = place
            self._arrange()
            self.maximised_changed.emit(place)

    def next_picture(self) -> None:
        """All, then one after the other, then all again."""
        self.maximise(self._maximised + 1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            for place, tile in enumerate(self._tiles):
                inside = isinstance(watched, QWidget) and tile.isAncestorOf(watched)
                if watched is tile or inside:
                    self.maximise(-1 if self._maximised == place else place)
                    return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        whole = self.rect()
        if self._maximised >= 0:
            places = [whole if n == self._maximised else None for n in range(len(self._tiles))]
        else:
            places = list(places_of(self._aspects, whole))
        for tile, place in zip(self._tiles, places, strict=True):
            tile.setVisible(place is not None)
            if place is not None:
                tile.setGeometry(place)
        self.arranged.emit()


def places_of(aspects: Sequence[float], whole: QRect) -> list[QRect]:
    """Where tiles of these shapes go within ``whole``: what shows most of the pictures."""
    count = len(aspects)
    if count == 0:
        return []
    offers = [_grid(count, columns, whole) for columns in range(1, count + 1)]
    if count >= 3:
        tall = whole.height() - HEADER_PX
        wide = min(round(tall * aspects[0]), int(whole.width() * FIRST_AT_MOST))
        first = QRect(whole.left(), whole.top(), wide, whole.height())
        rest = whole.adjusted(wide + GAP_PX, 0, 0, 0)
        offers += [[first, *_grid(count - 1, columns, rest)] for columns in range(1, count)]
    return max(offers, key=lambda places: _worth(aspects, places))


def _grid(count: int, columns: int, space: QRect) -> list[QRect]:
    """A grid whose last row stretches over the width."""
    rows = -(-count // columns)
    places = []
    for row in range(rows):
        here = min(columns, count - row * columns)
        top = space.top() + round(row * (space.height() + GAP_PX) / rows)
        bottom = space.top() + round((row + 1) * (space.height() + GAP_PX) / rows) - GAP_PX
        for column in range(here):
            left = space.left() + round(column * (space.width() + GAP_PX) / here)
            right = space.left() + round((column + 1) * (space.width() + GAP_PX) / here) - GAP_PX
            places.append(QRect(left, top, max(1, right - left), max(1, bottom - top)))
    return places


def _worth(aspects: Sequence[float], places: Sequence[QRect]) -> float:
    """Area of the pictures, the smaller ones counting more, so that none is sacrificed."""
    worth = 0.0
    for aspect, place in zip(aspects, places, strict=True):
        tall = max(1, place.height() - HEADER_PX)
        seen = min(place.width(), tall * aspect)
        worth += (seen * seen / aspect) ** FAIRNESS
    sizes = {(place.width() // 4, place.height() // 4) for place in places}
    return worth * RAGGED ** (len(sizes) - 1)
