"""An episode on the common clock of an export, row by row: what every format writer is given.

::

    row      0      1      2     ...      N-1          time = row / rate_hz
    state    x0     x1     x2             xN-1         measured joints of all hands, concatenated
    action   a0     a1     a2             aN-1         by ``ExportPlan.action``
    frame    f0     f1     f1*            fN-1         * repeated: no valid frame there, marked
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recorder.align import Policy
from recorder.review.state import LabelState


@dataclass(frozen=True)
class Column:
    """One numeric column of an export.

    Attributes
    ----------
    name : str
        Export name, e.g. ``observation.state``, ``observation.taxels.right``.
    data : (N, D) array
        Values at the rows; never NaN.
    names : tuple of str
        Names of the D entries.
    unit : str
        SI unit, ``rad|m`` where joints and wrist mix.
    shape : tuple of int
        Shape of one row before it was flattened, e.g. ``(5, 120, 3)``.
    valid : (N,) bool array
        False where the value was repeated because the stream had none there.
    stamp_ns : (N,) int64 array
        Host monotonic stamp of the sample used (the earlier neighbour when interpolated).
    """

    name: str
    data: NDArray
    names: tuple[str, ...]
    unit: str
    shape: tuple[int, ...]
    valid: NDArray[np.bool_]
    stamp_ns: NDArray[np.int64]


@dataclass(frozen=True)
class CameraColumn:
    """One image stream of an export.

    Attributes
    ----------
    name : str
        Stream name, e.g. ``front/rgb``.
    key : str
        Name without slashes, e.g. ``front_rgb``.
    size : tuple of (int, int)
        Width, height.
    index : (N,) int64 array
        Position of the frame used at each row within the stream.
    valid : (N,) bool array
    stamp_ns : (N,) int64 array
    """

    name: str
    key: str
    size: tuple[int, int]
    index: NDArray[np.int64]
    valid: NDArray[np.bool_]
    stamp_ns: NDArray[np.int64]


@dataclass(frozen=True)
class StreamClock:
    """Where the rows of one recorded stream come from.

    Attributes
    ----------
    stream : str
        Stream name, e.g. ``right/joints_measured``.
    key : str
        Name without slashes, e.g. ``right_joints_measured``.
    policy : str
        How it was aligned.
    valid : (N,) bool array
        False where the value was repeated because the stream had none there.
    stamp_ns : (N,) int64 array
        Host monotonic stamp of the sample used (the earlier neighbour when interpolated); -1 when
        the stream is empty.
    """

    stream: str
    key: str
    policy: Policy
    valid: NDArray[np.bool_]
    stamp_ns: NDArray[np.int64]


@dataclass
class ExportEpisode(ABC):
    """One episode as the format writers see it; ``recorder.exporters.episode_rows`` makes it."""

    number: int
    uuid: str
    task: str
    instruction: str
    operator_code: str
    operator_source: str
    rig_name: str
    outcome: str
    quality: int | None
    labels: LabelState
    length: int
    rate_hz: int
    time_s: NDArray[np.float64]
    start_stamp_ns: int
    action: Column
    columns: Mapping[str, Column]
    cameras: tuple[CameraColumn, ...]
    clocks: tuple[StreamClock, ...]

    @abstractmethod
    def frames(self, camera: CameraColumn) -> Iterator[NDArray[np.uint8]]:
        """Yield N RGB pictures ``(height, width, 3)``, one per row, repeated where marked."""
