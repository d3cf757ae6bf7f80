"""What the operator is taken out of: pictures in order, and what is known of camera and hand.

An episode's camera stream, a video file and a rendered test scene are all clips. A clip is read
only; frames may be asked for in any order, and the same index always gives the same picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Mode = Literal["static", "moving"]


@dataclass(frozen=True)
class CameraGeometry:
    """A calibrated camera.

    Attributes
    ----------
    matrix : (3, 3) float64 array
        Pinhole camera matrix in pixels, OpenCV convention: x right, y down, z forward.
    pose : (4, 4) float64 array
        Camera to world for a static camera, camera to palm for one on a hand; metres.
    mount : str
        ``world``, ``right`` or ``left``.
    """

    matrix: NDArray[np.float64]
    pose: NDArray[np.float64]
    mount: str = "world"


class Clip(Protocol):
    """Pictures of one camera in time order.

    Attributes
    ----------
    name : str
        Stream or file, for messages.
    size : tuple of (int, int)
        Width and height, pixels.
    count : int
        Number of frames.
    mode : str
        ``static``: the camera stands; ``moving``: it is carried, e.g. by the wrist.
    time_ns : (count,) int64 array
        After the first sample of the episode, or from the frame rate of a file.
    geometry : CameraGeometry or None
        None without a calibration: the robot is then told by appearance only.
    joints : mapping of str to (count, J) float64 array
        Measured joints at the frames by side; empty when they are not known.
    """

    name: str
    size: tuple[int, int]
    count: int
    mode: Mode
    time_ns: NDArray[np.int64]
    geometry: CameraGeometry | None
    joints: Mapping[str, NDArray[np.float64]]

    def frame(self, index: int) -> NDArray[np.uint8]:
        """RGB picture ``(height, width, 3)``; raises ``IndexError`` outside the clip."""
        ...


class MaskTrack(Protocol):
    """Where the operator is, frame by frame, before dilation."""

    @property
    def count(self) -> int:
        """Masks there are."""
        ...

    def mask(self, index: int) -> NDArray[np.bool_]:
        """True where the operator is ``(height, width)``."""
        ...

    def confidence(self, index: int) -> float:
        """How sure the mask is, 0 to 1; below ``CleanParameters.rekey_below`` look again."""
        ...


class CleanError(ValueError):
    """Something cannot be cleaned; the message is one clear sentence with the way out."""
