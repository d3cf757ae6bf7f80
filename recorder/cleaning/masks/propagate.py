"""Key frames carried through the clip."""

from __future__ import annotations

from collections.abc import Sequence

from recorder.cleaning.clip import Clip
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.masks.tracks import PackedMaskTrack
from recorder.cleaning.parameters import CleanParameters
from recorder.progress import Report, quiet


def keyframe_masks(
    clip: Clip, keyframes: Sequence[KeyFrame], params: CleanParameters, report: Report = quiet
) -> PackedMaskTrack:
    """Masks of every picture from those a person drew."""
    raise NotImplementedError


def rekey_suggestions(track: PackedMaskTrack, below: float = 0.6, apart: int = 15) -> list[int]:
    """Pictures to draw on next, the worst first."""
    raise NotImplementedError
