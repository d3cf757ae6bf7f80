"""What a person has drawn on the pictures of a clip, with undo; free of any screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from recorder.cleaning.masks.keyframes import KeyFrame, Polyline

Tool = Literal["look", "stroke", "polygon", "box"]


class Sketch:
    """Key frames by picture, and the way back.

    Parameters
    ----------
    keyframes : iterable of KeyFrame
        What was drawn before.
    """

    def __init__(self, keyframes: Iterable[KeyFrame] = ()) -> None:
        self._keys: dict[int, KeyFrame] = {key.index: key for key in keyframes}
        self._before: list[dict[int, KeyFrame]] = []
        self._undone: list[dict[int, KeyFrame]] = []

    @property
    def keyframes(self) -> tuple[KeyFrame, ...]:
        """Key frames by picture."""
        return tuple(self._keys[index] for index in sorted(self._keys))

    def at(self, index: int) -> KeyFrame | None:
        """What was drawn on a picture."""
        return self._keys.get(index)

    def add_stroke(self, index: int, line: Polyline, operator: bool, brush_px: float) -> None:
        """Add a stroke on the operator, or on what is not the operator."""
        key = self._keys.get(index) or KeyFrame(index=index)
        name = "foreground" if operator else "background"
        lines = (*getattr(key, name), line)
        self._put(key.model_copy(update={name: lines, "brush_px": brush_px}))

    def set_polygon(self, index: int, polygon: Polyline) -> None:
        """Outline the operator."""
        key = self._keys.get(index) or KeyFrame(index=index)
        self._put(key.model_copy(update={"polygon": polygon, "box": None}))

    def set_box(self, index: int, box: tuple[float, float, float, float]) -> None:
        """Say within which rectangle the operator is."""
        key = self._keys.get(index) or KeyFrame(index=index)
        self._put(key.model_copy(update={"polygon": (), "box": box}))

    def set_nobody(self, index: int) -> None:
        """Say that the operator is not in this picture."""
        self._put(KeyFrame(index=index))

    def remove(self, index: int) -> bool:
        """Forget what was drawn on a picture; False when there was nothing."""
        if index not in self._keys:
            return False
        self._change({at: key for at, key in self._keys.items() if at != index})
        return True

    def undo(self) -> bool:
        """Take the last change back; False when there is none."""
        return self._move(self._before, self._undone)

    def redo(self) -> bool:
        """Do what was taken back again; False when there is nothing."""
        return self._move(self._undone, self._before)

    def _put(self, key: KeyFrame) -> None:
        self._change({**self._keys, key.index: key})

    def _change(self, keys: Mapping[int, KeyFrame]) -> None:
        self._before.append(self._keys)
        self._undone.clear()
        self._keys = dict(keys)

    def _move(self, source: list[dict[int, KeyFrame]], target: list[dict[int, KeyFrame]]) -> bool:
        if not source:
            return False
        target.append(self._keys)
        self._keys = source.pop()
        return True
