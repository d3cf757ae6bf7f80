"""Masks without drawing, for cameras that stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import Clip
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.masks.tracks import PackedMaskTrack
from recorder.cleaning.parameters import CleanParameters
from recorder.progress import Report, quiet

Silhouette = Callable[[int], NDArray[np.bool_] | None]


def automatic_masks(
    clip: Clip,
    params: CleanParameters,
    silhouette: Silhouette | None = None,
    scribbles: Sequence[KeyFrame] = (),
    report: Report = quiet,
) -> PackedMaskTrack:
    """Find the operator in every picture."""
    raise NotImplementedError
