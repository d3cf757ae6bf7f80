"""A cleaner without eyes: the operator is a known rectangle, and the fill one colour."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, MaskTrack
from recorder.cleaning.layers import Filled, FillFacts, Layer
from recorder.cleaning.methods import CleanSource, Methods
from recorder.dataset import Dataset, episode_number, open_dataset
from recorder.progress import Progress, Report, quiet
from recorder.synthetic import SyntheticTake, write_take

CAMERA = "front/rgb"
FILL = np.array((10, 120, 200), np.uint8)


class RectangleTrack:
    """The operator is in rows 20 to 60, wandering to the right by a pixel a picture."""

    def __init__(self, count: int, size: tuple[int, int], sure: float = 1.0) -> None:
        self._count, self._size, self._sure = count, size, sure
        self.warnings: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return self._count

    def mask(self, index: int) -> NDArray[np.bool_]:
        width, height = self._size
        mask = np.zeros((height, width), np.bool_)
        left = index % max(1, width - 40)
        mask[20:60, left : left + 40] = True
        return mask

    def confidence(self, index: int) -> float:
        return self._sure if index % 2 else 1.0


class ColourFiller:
    """Fills with one colour; the first tenth of the mask counts as guessed."""

    def __init__(
        self, source: CleanSource, masks: MaskTrack, before: Callable[[int], None] | None = None
    ) -> None:
        self._source, self._masks, self._before = source, masks, before

    def prepare(self, report: Report = quiet) -> FillFacts:
        report(Progress(1, 1, ""))
        return FillFacts((), {"looked": 1.0})

    def fill(self, index: int) -> Filled:
        if self._before is not None:
            self._before(index)
        image, mask = self._source.clip.frame(index).copy(), self._masks.mask(index)
        image[mask] = FILL
        layers = np.where(mask, Layer.PLATE, Layer.RECORDED).astype(np.uint8)
        rows = np.flatnonzero(mask.any(axis=1))[:4]
        layers[rows] = np.where(mask[rows], Layer.RESIDUE, layers[rows])
        return Filled(image, layers, int(np.count_nonzero(mask)))


def rectangle_masks(source: CleanSource, report: Report) -> MaskTrack:
    return RectangleTrack(source.clip.count, source.clip.size)


def unsure_masks(source: CleanSource, report: Report) -> MaskTrack:
    return RectangleTrack(source.clip.count, source.clip.size, sure=0.2)


def short_masks(source: CleanSource, report: Report) -> MaskTrack:
    return RectangleTrack(source.clip.count - 1, source.clip.size)


def colour_filler(source: CleanSource, masks: MaskTrack) -> ColourFiller:
    return ColourFiller(source, masks)


def filler_that_fails_on_episode_1(source: CleanSource, masks: MaskTrack) -> ColourFiller:
    if source.episode.path.name == "episode_000001.h5":
        raise CleanError("this one is out of luck; choose another")
    return ColourFiller(source, masks)


def filler_with_a_fault(source: CleanSource, masks: MaskTrack) -> ColourFiller:
    if source.episode.path.name == "episode_000001.h5":
        raise TypeError("nobody thought of this")
    return ColourFiller(source, masks)


class OddError(Exception):
    """Of a library, with no base that anybody expects."""


def filler_with_an_odd_fault(source: CleanSource, masks: MaskTrack) -> ColourFiller:
    if source.episode.path.name == "episode_000001.h5":
        raise OddError("nobody thought of this either")
    return ColourFiller(source, masks)


def filler_that_is_killed_once(source: CleanSource, masks: MaskTrack) -> ColourFiller:
    return _killed(source, masks, times=1)


def filler_that_is_always_killed(source: CleanSource, masks: MaskTrack) -> ColourFiller:
    return _killed(source, masks, times=100)


def filler_of_misfortunes(source: CleanSource, masks: MaskTrack) -> ColourFiller:
    """Episode 1 fails, 2 takes all memory, 3 is killed; all others are well."""
    number = episode_number(source.episode.path)

    def happen(index: int) -> None:
        if number == 2:
            np.ones(8 << 30, np.uint8)
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    if number == 1:
        raise CleanError("this one is out of luck; choose another")
    return ColourFiller(source, masks, happen)


def filler_that_waits(source: CleanSource, masks: MaskTrack) -> ColourFiller:
    """Says that it has begun by a file ``<episode>.begun`` in the dataset, and is slow."""

    def wait(index: int) -> None:
        (source.dataset.root / f"{source.episode.path.stem}.begun").touch()
        signal.sigtimedwait([], 0.02)

    return ColourFiller(source, masks, wait)


def _killed(source: CleanSource, masks: MaskTrack, times: int) -> ColourFiller:
    def kill(index: int) -> None:
        marks = sorted(source.dataset.root.glob("killed-*"))
        if source.episode.path.name == "episode_000001.h5" and len(marks) < times and index == 3:
            (source.dataset.root / f"killed-{len(marks)}").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return ColourFiller(source, masks, kill)


FAKE = Methods(rectangle_masks, colour_filler)


def dataset_of_takes(
    root: Path, count: int = 1, seconds: float = 0.5, size: tuple[int, int] = (160, 120)
) -> Dataset:
    """A dataset of made-up episodes of one camera at 30 pictures a second."""
    dataset = open_dataset(root, create=True)
    for number in range(count):
        write_take(dataset, SyntheticTake(number=number, seconds=seconds, seed=number, size=size))
    return dataset
