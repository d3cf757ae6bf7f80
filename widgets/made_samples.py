"""Made-up samples of every stream of a rig, smooth in time, for the gallery."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from devices.clock import now_ns
from devices.hands.spec import HandSpec
from devices.rig import Rig
from devices.stream import Sample, StreamSpec


class Made:
    """Made-up samples of a rig's streams, smooth in time."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.streams = {spec.name: spec for spec in rig.streams()}
        self.start_ns = now_ns()
        self._noise = np.random.default_rng(0).integers(0, 18, (64, 480, 640), dtype=np.uint8)

    def sample(self, name: str, at_ns: int | None = None) -> Sample:
        """The newest made-up sample of the stream ``name``."""
        spec = self.streams[name]
        at_ns = now_ns() if at_ns is None else at_ns
        elapsed_s = (at_ns - self.start_ns) / 1e9
        rate_hz = spec.rate_hz or 1.0
        seq = int(elapsed_s * rate_hz)
        stamp_ns = self.start_ns + int(seq / rate_hz * 1e9)
        return Sample(seq + 1000, stamp_ns, None, 0, self.data(spec, elapsed_s))

    def data(self, spec: StreamSpec, t: float) -> NDArray:
        """One payload of ``spec``, ``t`` seconds after the start."""
        if spec.kind in ("image", "visuotactile"):
            return self._picture(spec, t)
        if spec.kind == "depth":
            rows, columns = np.mgrid[: spec.shape[0], : spec.shape[1]]
            depth = 6000 + rows * 6 + (2000 * np.sin(columns / 60 + t)).astype(int)
            depth[rows < 6] = 0
            return depth.astype(np.uint16)
        if spec.kind == "taxels":
            return made_taxels(self.rig.hand(spec.name.split("/")[0]).spec, t)
        if spec.kind == "force":
            count = spec.shape[0]
            return np.array([[0.2, 0.1, 1.5 * max(0, np.sin(t + f))] for f in range(count)], "f4")
        if spec.kind == "pressure":
            return np.array([4e3 * (1 + np.sin(t + f)) for f in range(spec.shape[0])], "f4")
        if spec.kind == "joints" and "measured" in spec.name:
            return made_joints(self.rig.hand(spec.name.split("/")[0]).spec, t)
        if spec.kind == "joints" and "sent" in spec.name:
            return made_joints(self.rig.hand(spec.name.split("/")[0]).spec, t + 0.25)
        if spec.name == "world/objects":
            poses = np.zeros(spec.shape)
            for row in range(spec.shape[0]):
                poses[row] = (-0.15 + 0.06 * row, -0.05 - 0.05 * (row % 2), 0.04, 1, 0, 0, 0)
            return poses
        return np.zeros(spec.shape, spec.dtype)

    def _picture(self, spec: StreamSpec, t: float) -> NDArray[np.uint8]:
        rows, columns = spec.shape[:2]
        y, x = np.mgrid[:rows, :columns]
        out = np.empty(spec.shape, np.uint8)
        out[..., 0] = 60 + 120 * y / rows
        out[..., 1] = 70 + 40 * np.sin(x / 35)
        out[..., 2] = 150 - 90 * y / rows
        middle = (columns / 2 + columns / 5 * np.sin(t), rows / 2 + rows / 6 * np.cos(t))
        spot = np.hypot(x - middle[0], y - middle[1]) < rows / 7
        out[spot] = (230, 140, 60)
        return out + self._noise[int(t * 30) % 64, :rows, :columns, None]


def made_joints(spec: HandSpec, t: float) -> NDArray[np.float64]:
    """Joints that breathe around home, inside the limits."""
    phase = np.arange(spec.size) * 0.5
    swing = np.where([unit == "m" for unit in spec.units], 0.02, 0.35)
    swing[3 : spec.wrist_size] = 0.12
    return np.clip(spec.home + swing * np.sin(1.3 * t + phase), spec.lower, spec.upper)


def made_taxels(spec: HandSpec, t: float) -> NDArray[np.float32]:
    """A press that wanders over the pads, (finger, taxel, xyz) in newtons."""
    pads = spec.pads
    out = np.zeros((len(pads), pads[0].rows * pads[0].cols, 3), np.float32)
    for finger, pad in enumerate(pads):
        rows, cols = np.mgrid[: pad.rows, : pad.cols]
        row, col = pad.rows * (0.5 + 0.3 * np.sin(t + finger)), pad.cols * 0.5
        bump = np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / 5.0).ravel()
        strength = max(0.0, np.sin(0.7 * t + 1.2 * finger))
        out[finger, :, 2] = strength * bump
        out[finger, :, 0] = 0.5 * strength * bump
        out[finger, :, 1] = 0.3 * strength * bump * np.cos(t)
    return out


class MadeTake:
    """A made-up take for the playback."""

    duration_s = 6.0

    def __init__(self, made: Made) -> None:
        self._made = made

    @property
    def streams(self) -> Sequence[StreamSpec]:
        """All streams of the rig."""
        return tuple(self._made.streams.values())

    def frame_at(self, stream: str, t_s: float) -> NDArray | None:
        """The sample at ``t_s``."""
        return self._made.data(self._made.streams[stream], t_s)
