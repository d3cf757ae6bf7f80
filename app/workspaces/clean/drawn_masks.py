"""Masks of what a person draws, found beside the window's thread: the newest drawing wins.

``mask`` answers at once: with the mask of this drawing when it is known, else with the newest one
of the same picture while the work goes on. ``made`` tells that another one is ready. A drawing that
was followed by a newer one before its turn came is never worked on.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from recorder.cleaning.masks.keyframes import KeyFrame, keyframe_mask

KEPT = 16  # masks

log = logging.getLogger(__name__)

Mask = NDArray[np.bool_]
Find = Callable[[NDArray[np.uint8], KeyFrame], Mask]


@dataclass(frozen=True)
class DrawnMask:
    """What is known of a drawing now.

    Attributes
    ----------
    mask : (height, width) bool array or None
        None when nothing was found on this picture yet.
    working : bool
        Whether ``mask`` is of an earlier drawing and the right one is being found.
    """

    mask: Mask | None
    working: bool


class DrawnMasks(QObject):
    """Finds masks one after the other in a thread of its own.

    Parameters
    ----------
    find : callable
        Picture and key frame to mask; runs in the thread.

    Signals
    -------
    made()
        A mask is ready; sent in the thread of the window.
    """

    made = Signal()
    _ended = Signal(object, object, object)  # generation, key frame, mask or None

    def __init__(self, parent: QObject | None = None, find: Find = keyframe_mask) -> None:
        super().__init__(parent)
        self._find = find
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="drawn-masks")
        self._kept: OrderedDict[KeyFrame, Mask] = OrderedDict()
        self._failed: set[KeyFrame] = set()
        self._newest: dict[int, Mask] = {}  # by picture
        self._generation = 0  # of the clip
        self._at_work: KeyFrame | None = None
        self._next: tuple[NDArray[np.uint8], KeyFrame] | None = None
        self._closed = False
        self._ended.connect(self._on_ended)

    @property
    def working(self) -> bool:
        """Whether a mask is being found."""
        return self._at_work is not None

    def forget(self) -> None:
        """Another clip is shown; what is still being found is of no use any more."""
        self._generation += 1
        self._kept.clear()
        self._newest.clear()
        self._failed.clear()
        self._next = None

    def mask(self, image: NDArray[np.uint8], key: KeyFrame) -> DrawnMask:
        """Mask of ``key`` on ``image``, or the best there is while it is being found."""
        if key.is_empty:
            return DrawnMask(np.zeros(image.shape[:2], np.bool_), working=False)
        if key in self._kept:
            self._next = None
            return DrawnMask(self._kept[key], working=False)
        if key in self._failed:
            return DrawnMask(None, working=False)
        if key != self._at_work:
            self._next = (image, key)
            self._begin()
        return DrawnMask(self._newest.get(key.index), working=True)

    def _begin(self) -> None:
        if self._closed or self._at_work is not None or self._next is None:
            return
        (image, key), self._next = self._next, None
        self._at_work = key
        generation = self._generation
        future = self._thread.submit(self._find, image.copy(), key)
        future.add_done_callback(lambda done: self._tell(generation, key, done))

    def _tell(self, generation: int, key: KeyFrame, done: Future[Mask]) -> None:
        """In the thread that did the work."""
        if done.cancelled() or self._closed:
            return
        error = done.exception()
        if error is not None:
            log.error("no mask for picture %d: %s", key.index, error)
        self._ended.emit(generation, key, None if error is not None else done.result())

    def _on_ended(self, generation: int, key: KeyFrame, mask: Mask | None) -> None:
        self._at_work = None
        if generation == self._generation:
            if mask is None:
                self._failed.add(key)
            else:
                self._kept[key] = self._newest[key.index] = mask
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        self._begin()
        self.made.emit()

    def close(self) -> None:
        """Wait for what is being found, and find nothing any more."""
        self._closed = True
        self._next = None
        self._thread.shutdown(wait=True, cancel_futures=True)
