"""Layers: where each pixel of a cleaned picture came from. The number is stored per pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recorder.progress import Report, quiet

RESIDUE_WARNS = 0.02  # share of the mask that may be guessed from its surroundings


class Layer(IntEnum):
    """Source of a pixel, in the order they are tried."""

    RECORDED = 0  # not masked
    ROBOT = 1
    OBJECT = 2
    PLATE = 3
    FLOW = 4
    RESIDUE = 5  # guessed from its surroundings
    MODEL = 6  # made by a plug-in


@dataclass(frozen=True)
class Filled:
    """One cleaned picture.

    Attributes
    ----------
    image : (height, width, 3) uint8 array
        RGB.
    layers : (height, width) uint8 array
        ``Layer`` of every pixel.
    masked : int
        Pixels that were filled.
    """

    image: NDArray[np.uint8]
    layers: NDArray[np.uint8]
    masked: int

    @property
    def residue_share(self) -> float:
        """Share of the filled pixels that were guessed; 0 when nothing was masked."""
        guessed = int(np.count_nonzero(self.layers == Layer.RESIDUE))
        return guessed / self.masked if self.masked else 0.0


@dataclass(frozen=True)
class FillFacts:
    """What a filler wants known about the whole clip.

    Attributes
    ----------
    warnings : tuple of str
        One sentence each, e.g. that no camera calibration was there.
    figures : mapping of str to float
    """

    warnings: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


class Filler(Protocol):
    """Fills what the masks hid. Made for one clip, its masks and parameters."""

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Look through the clip once: plate, unoccluded frames, gains; may raise ``Cancelled``."""
        ...

    def fill(self, index: int) -> Filled:
        """Clean one picture; the same whatever was filled before."""
        ...
