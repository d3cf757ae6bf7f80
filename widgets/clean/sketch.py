"""What a person has drawn on the pictures of a clip, with undo; free of any screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from recorder.cleaning.drawn import Step
from recorder.cleaning.masks.keyframes import KeyFrame, Polyline

Tool = Literal["look", "stroke", "polygon", "box"]


class Sketch:
    """Key frames by picture, and the way back.

    Parameters
    ----------
    keyframes : iterable of KeyFrame
        What was drawn before.
    back, forth : iterable of Step
        Ways back and forth that were kept with it, the next one last.
    """

    def __init__(
        self,
        keyframes: Iterable[KeyFrame] = (),
        back: Iterable[Step] = (),
        forth: Iterable[Step] = (),
    ) -> None:
        self._keys: dict[int, KeyFrame] = {key.index: key for key in keyframes}
        self.back, self.forth = list(back), list(forth)

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
        self._change(index, None)
        return True

    def undo(self) -> int | None:
        """Take the last change back; returns the picture it was on, None when there is none."""
        return self._move(self.back, self.forth)

    def redo(self) -> int | None:
        """Do what was taken back again; returns the picture, None when there is nothing."""
        return self._move(self.forth, self.back)

    def _put(self, key: KeyFrame) -> None:
        self._change(key.index, key)

    def _change(self, index: int, key: KeyFrame | None) -> None:
        self.back.append(Step(index=index, key=self._keys.get(index)))
        self.forth.clear()
        self._set(index, key)

    def _set(self, index: int, key: KeyFrame | None) -> None:
        if key is None:
            self._keys.pop(index, None)
        else:
            self._keys[index] = key

    def _move(self, source: list[Step], target: list[Step]) -> int | None:
        if not source:
            return None
        step = source.pop()
        target.append(Step(index=step.index, key=self._keys.get(step.index)))
        self._set(step.index, step.key)
        return step.index
