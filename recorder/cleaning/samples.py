"""Sampled pictures of a clip, all brought to one light: what the plate is made of.

At most ``plate_frames`` pictures are held, whatever the length of the clip. They stand evenly in
time, and where a pixel is hidden in nearly all of them, pictures that show it are added.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import Clip
from recorder.cleaning.gain import Gain, fit_gain
from recorder.progress import ProgressMeter

Masks = Callable[[int], NDArray[np.bool_]]
SCANNED = 120  # pictures whose masks are looked at
SCAN_STEP = 4  # masks are compared at every fourth pixel
EVEN_SHARE = 0.7  # of the pictures are spread evenly
ENOUGH = 3  # pictures that show a pixel
MOST_BYTES = 320 << 20
NONE = 255


class Samples:
    """Pictures at some times of the clip.

    Parameters
    ----------
    clip : Clip
    hidden : callable
        Index to the pixels that do not show the scene: operator, and robot where it is known.
    most : int
        Most pictures; fewer for large pictures.
    meter : ProgressMeter
        Advanced by 2 in all.
    holes : callable, optional
        Pictures are chosen by what is hidden by these, which is quicker to tell.

    Attributes
    ----------
    indices : (K,) int64 array
        Ascending.
    stack : (K, height, width, 3) uint8 array
        As recorded.
    visible : (K, height, width) bool array
    gains : list of Gain
        From the light of sample 0 of ``reference`` to that of each sample.
    """

    def __init__(
        self, clip: Clip, hidden: Masks, most: int, meter: ProgressMeter, holes: Masks | None = None
    ) -> None:
        width, height = clip.size
        room = max(3, MOST_BYTES // (width * height * 6))
        self.indices = choose_frames(clip.count, holes or hidden, min(most, room, NONE - 1), meter)
        kept = len(self.indices)
        self.stack = np.empty((kept, height, width, 3), np.uint8)
        self.visible = np.empty((kept, height, width), np.bool_)
        for at, index in enumerate(self.indices):
            self.stack[at] = clip.frame(int(index))
            self.visible[at] = ~hidden(int(index))
            meter.advance(0.5 / kept, "plate")
        self.gains = self._gains(meter)

    def _gains(self, meter: ProgressMeter) -> list[Gain]:
        """Light of every sample against a picture in the middle, through what both show."""
        middle = int(np.argmax(self.visible.mean(axis=(1, 2))))
        reference, shown = self.stack[middle], self.visible[middle]
        gains = []
        for picture, visible in zip(self.stack, self.visible, strict=True):
            gains.append(fit_gain(reference, picture, visible & shown))
            meter.advance(0.5 / len(self.stack), "plate")
        return gains

    def neighbours(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """For every sample and pixel the newest visible sample not after it, and the first not
        before it ``(K, height, width)``; ``NONE`` without any.
        """
        before = np.full(self.visible.shape, NONE, np.uint8)
        after = before.copy()
        count = len(self.indices)
        for at in range(count):
            if at:
                before[at] = before[at - 1]
            before[at][self.visible[at]] = at
            back = count - 1 - at
            if at:
                after[back] = after[back + 1]
            after[back][self.visible[back]] = back
        return before, after


def choose_frames(count: int, hidden: Masks, most: int, meter: ProgressMeter) -> NDArray[np.int64]:
    """Pictures for the plate, ascending: evenly spread, then those that show hidden places.

    Parameters
    ----------
    count : int
        Pictures of the clip.
    hidden : callable
        Index to what a picture does not show.
    most : int
    meter : ProgressMeter
        Advanced by 1.
    """
    if count <= most:
        meter.advance(1.0, "plate")
        return np.arange(count, dtype=np.int64)
    scanned = np.unique(np.linspace(0, count - 1, min(count, max(SCANNED, most))).astype(np.int64))
    shown = []
    for index in scanned:
        shown.append(~hidden(int(index))[::SCAN_STEP, ::SCAN_STEP].ravel())
        meter.advance(1.0 / len(scanned), "plate")
    views = np.stack(shown)
    even = np.unique(np.linspace(0, len(scanned) - 1, max(2, round(most * EVEN_SHARE))).astype(int))
    chosen = list(even)
    seen = views[even].sum(axis=0)
    while len(chosen) < most:
        wanting = seen < ENOUGH
        if not wanting.any():
            break
        helps = views[:, wanting].sum(axis=1)
        helps[chosen] = 0
        best = int(np.argmax(helps))
        if not helps[best]:
            break
        chosen.append(best)
        seen = seen + views[best]
    spare = most - len(chosen)
    if spare > 0:
        left = np.setdiff1d(np.arange(len(scanned)), chosen)
        step = np.linspace(0, len(left) - 1, min(spare, len(left))).astype(int)
        chosen += list(left[np.unique(step)])
    return scanned[np.sort(np.unique(chosen))]
