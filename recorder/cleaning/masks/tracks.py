"""Masks of a whole clip, small in memory: one bit per pixel, then deflated."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError

DEFLATE_LEVEL = 1  # masks are long runs of equal bits: 38 kB at 640x480 become about 1 kB


class PackedMaskTrack:
    """Masks and their confidences, read only; edits give a new track that shares the rest.

    Parameters
    ----------
    size : tuple of (int, int)
        Width and height, pixels.
    masks : iterable of (height, width) bool arrays
    confidences : sequence of float, optional
        0 to 1 for every mask; 1 by default.
    warnings : sequence of str
        One sentence each, for whoever looks at the result.

    Attributes
    ----------
    count : int
        Number of masks.

    Raises
    ------
    CleanError
        A mask of another size, or not one confidence per mask.
    """

    def __init__(
        self,
        size: tuple[int, int],
        masks: Iterable[NDArray[np.bool_]],
        confidences: Sequence[float] | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        self.size = size
        self.warnings = tuple(warnings)
        self._packed = [self._pack(mask) for mask in masks]
        self._confidences = [1.0] * len(self._packed) if confidences is None else list(confidences)
        if len(self._confidences) != len(self._packed):
            raise CleanError(
                f"{len(self._packed)} masks came with {len(self._confidences)} confidences; "
                "give one for every mask"
            )

    @property
    def count(self) -> int:
        """Number of masks."""
        return len(self._packed)

    @property
    def stored_bytes(self) -> int:
        """Memory of all masks, bytes."""
        return sum(map(len, self._packed))

    def mask(self, index: int) -> NDArray[np.bool_]:
        """True where the operator is ``(height, width)``; raises ``IndexError`` outside."""
        width, height = self.size
        bits = np.frombuffer(zlib.decompress(self._packed[self._checked(index)]), np.uint8)
        flat = np.unpackbits(bits, count=width * height)
        return flat.reshape(height, width).view(np.bool_)

    def confidence(self, index: int) -> float:
        """How sure the mask is, 0 to 1; raises ``IndexError`` outside."""
        return self._confidences[self._checked(index)]

    def with_replaced(
        self, index: int, mask: NDArray[np.bool_], confidence: float = 1.0
    ) -> PackedMaskTrack:
        """A track with another mask at ``index``; this one stays as it is.

        Parameters
        ----------
        index : int
        mask : (height, width) bool array
        confidence : float
            1 for what a person drew.
        """
        at = self._checked(index)
        edited = PackedMaskTrack(self.size, (), (), self.warnings)
        edited._packed = [*self._packed[:at], self._pack(mask), *self._packed[at + 1 :]]
        edited._confidences = [
            *self._confidences[:at],
            float(confidence),
            *self._confidences[at + 1 :],
        ]
        return edited

    def with_warnings(self, warnings: Sequence[str]) -> PackedMaskTrack:
        """The same masks with other warnings."""
        edited = PackedMaskTrack(self.size, (), (), warnings)
        edited._packed, edited._confidences = self._packed, self._confidences
        return edited

    def _checked(self, index: int) -> int:
        if not 0 <= index < len(self._packed):
            raise IndexError(f"there are {len(self._packed)} masks, no mask {index}")
        return index

    def _pack(self, mask: NDArray[np.bool_]) -> bytes:
        width, height = self.size
        if mask.shape != (height, width):
            found = "x".join(str(n) for n in mask.shape[::-1])
            raise CleanError(
                f"a mask is {found} pixels, the pictures are {width}x{height}; "
                "give masks of the same size"
            )
        return zlib.compress(np.packbits(np.asarray(mask, np.bool_)).tobytes(), DEFLATE_LEVEL)
