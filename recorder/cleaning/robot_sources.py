"""Which other frames show the parts of the robot that are hidden in one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.robot_frames import RobotFrame
from recorder.cleaning.shapes import Shape
from recorder.cleaning.silhouette import NOTHING

MOST_CANDIDATES = 120  # frames that are looked at per clip
SAME_TURN_RAD = 0.12  # turned by this much against the camera a link looks different
SAME_WAY_M = 0.15  # moved by this much it is lit and seen differently
AGAIN = 0.35  # worth of showing a pixel once more


@dataclass(frozen=True)
class Candidate:
    """A frame that may lend the robot's appearance.

    Attributes
    ----------
    clip : int
        0 the clip itself, 1 the replay.
    index : int
        Frame.
    links : (L, 4, 4) float32 array
        Link to camera.
    visible : (L,) float32 array
        Pixels of each link that are seen.
    """

    clip: int
    index: int
    links: NDArray[np.float32]
    visible: NDArray[np.float32]


def candidate(clip: int, index: int, frame: RobotFrame, shapes: tuple[Shape, ...]) -> Candidate:
    """What ``frame`` can lend."""
    links = frame.surface.links.astype(np.float32)
    seen = frame.surface.shape[frame.surface.mask & ~frame.hidden]
    return Candidate(clip, index, links, link_pixels(seen, shapes, len(links)))


def link_pixels(
    shape_rows: NDArray[np.int16], shapes: tuple[Shape, ...], links: int
) -> NDArray[np.float32]:
    """Pixels per link ``(links,)`` among pixels of the given shapes ``(N,)``."""
    per_shape = np.bincount(shape_rows[shape_rows != NOTHING], minlength=len(shapes))
    of_link = np.array([shape.link for shape in shapes])
    return np.bincount(of_link, per_shape, links).astype(np.float32)


class SourceBank:
    """Ranks candidates for one frame.

    Parameters
    ----------
    candidates : list of Candidate
    """

    def __init__(self, candidates: list[Candidate]) -> None:
        self.candidates = candidates
        self._links = np.array([one.links for one in candidates])
        self._visible = np.array([one.visible for one in candidates])

    def __len__(self) -> int:
        return len(self.candidates)

    def likeness(self, links: NDArray[np.float64]) -> NDArray[np.float32]:
        """How alike every link stands in every candidate, ``(C, L)`` 0 to 1."""
        now = links.astype(np.float32)
        cosine = (np.einsum("clij,lij->cl", self._links[..., :3, :3], now[:, :3, :3]) - 1) / 2
        turn = np.arccos(np.clip(cosine, -1, 1)) / SAME_TURN_RAD
        way = np.linalg.norm(self._links[..., :3, 3] - now[:, :3, 3], axis=-1) / SAME_WAY_M
        with np.errstate(invalid="ignore"):
            like = np.exp(-(turn**2) - way**2)
        return np.nan_to_num(np.maximum(like, 1e-3))

    def best(
        self,
        likeness: NDArray[np.float32],
        needed: NDArray[np.float32],
        whole: NDArray[np.float32],
        taken: set[int],
    ) -> int | None:
        """Row of the candidate that shows most of what is ``needed``; None when none shows any.

        Parameters
        ----------
        likeness : (C, L) float32 array
        needed : (L,) float32 array
            Hidden pixels of each link, those already found counted ``AGAIN`` as much.
        whole : (L,) float32 array
            Pixels of each link in the frame, hidden or not.
        taken : set of int
            Rows not to return.
        """
        share = np.minimum(self._visible / np.maximum(whole, 1.0), 1.0)
        worth = (share * likeness) @ needed
        worth[list(taken)] = -1.0
        row = int(np.argmax(worth))
        return row if worth[row] > 0 else None
