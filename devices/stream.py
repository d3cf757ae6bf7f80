"""Streams and samples: the words every part of the program shares.

A *stream* is one typed, clocked sequence of samples from one device. On the bus and in the
capture log a sample is a 32-byte header followed by its payload::

    seq u64 | stamp_ns i64 | device_stamp_ns i64 | length u32 | flags u32 | payload[length]

``seq`` rises by exactly one per sample, so a gap is a proof of loss. ``stamp_ns`` is the host
monotonic clock at receipt. ``device_stamp_ns`` is the device's own clock, or absent.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

HEADER = struct.Struct("<QqqII")
HEADER_BYTES = HEADER.size
NO_DEVICE_STAMP = -(2**63)

FLAG_NONE = 0
FLAG_FIRST = 1  # first sample since the publisher started: seq restarts here
FLAG_STALE = 2  # the device repeated itself; the payload is its last good value

StreamKind = Literal[
    "joints",
    "control",
    "taxels",
    "force",
    "pressure",
    "encoders",
    "image",
    "depth",
    "visuotactile",
    "mask",
    "pose",
    "pulls",
    "event",
]
Encoding = Literal["raw", "jpeg", "png"]


class StreamSpec(BaseModel):
    """What a stream carries; identical in every process because it is derived from the rig.

    Attributes
    ----------
    name : str
        ``<side or camera>/<quantity>``, e.g. ``right/joints_measured`` or ``front/rgb``.
    kind : str
        What sort of quantity it is; chooses tile, alignment and storage.
    dtype : str
        NumPy dtype of the payload, little-endian.
    shape : tuple of int
        Shape of one sample. For ``variable`` streams ``(max_bytes,)``.
    axes : tuple of str
        Name of each axis of ``shape``.
    unit : str
        SI unit of the values (``rad``, ``N``, ``m``, ``1`` where dimensionless).
    rate_hz : float
        Nominal rate; 0 for event streams.
    labels : tuple of str
        Names along the last joint/object axis, e.g. joint names.
    frame : str
        Coordinate frame of spatial values, else empty.
    encoding : str
        How one sample is stored: ``raw``, ``jpeg`` or ``png``.
    quality : int
        JPEG quality 1..100, used when ``encoding == "jpeg"``.
    variable : bool
        Payload length varies up to ``nbytes`` (UTF-8 JSON events).
    intermittent : bool
        Flows only while something happens (requests); its silence is no fault.
    recorded : bool
        Whether the recorder stores it.
    device : str
        Identifier of the publishing device, for the health table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9_]+(/[a-z0-9_]+)+$")
    kind: StreamKind
    dtype: str
    shape: tuple[int, ...]
    axes: tuple[str, ...] = ()
    unit: str = "1"
    rate_hz: float = Field(default=0.0, ge=0.0)
    labels: tuple[str, ...] = ()
    frame: str = ""
    encoding: Encoding = "raw"
    quality: int = Field(default=95, ge=1, le=100)
    variable: bool = False
    intermittent: bool = False
    recorded: bool = True
    device: str = ""

    @cached_property
    def nbytes(self) -> int:
        """Size of one payload in bytes (the maximum for variable streams)."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def is_image(self) -> bool:
        """Whether a sample is a picture (colour, depth, visuotactile or mask)."""
        return self.kind in ("image", "depth", "visuotactile", "mask")

    def depth_for(self, seconds: float, least: int = 2) -> int:
        """Number of samples that ``seconds`` of this stream hold, at least ``least``."""
        return max(least, int(np.ceil(self.rate_hz * seconds)))

    def view(self, payload: NDArray[np.uint8]) -> NDArray:
        """Interpret ``payload`` bytes as one sample of this stream, without a copy."""
        if self.variable:
            return payload
        return payload.view(np.dtype(self.dtype)).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample, with its own copy of the payload.

    Attributes
    ----------
    seq : int
        Sequence number, +1 per sample of the stream.
    stamp_ns : int
        Host monotonic clock at receipt, ns.
    device_stamp_ns : int or None
        The device's own clock, ns, or None where it has none.
    flags : int
        ``FLAG_*`` bits.
    data : ndarray
        Payload with the stream's dtype and shape (uint8 bytes for variable streams).
    """

    seq: int
    stamp_ns: int
    device_stamp_ns: int | None
    flags: int
    data: NDArray

    def age_s(self, at_ns: int) -> float:
        """Age of the sample at ``at_ns``, in seconds."""
        return (at_ns - self.stamp_ns) / 1e9
