"""Made-up episodes of known content, for tests, benchmarks and trying things out.

They go through the same log, finaliser and reader as recorded ones, and say ``synthetic`` in their
notes. The hand reaches, grasps, holds and lets go; pictures carry their own number twice: as text
for people and as a row of black and white cells (``frame_number``) for programs.
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.rig import Rig, load_rig
from devices.stream import NO_DEVICE_STAMP, StreamSpec
from recorder.dataset import Dataset
from recorder.durability import DurableFile
from recorder.encoding import encode_with_crc
from recorder.finalise import finalise_log
from recorder.log import END_STREAM, LogRecord, LogWriter, encode_record, json_record

START_NS = 1_000 * NS_PER_S
BITS = 16  # of a frame number
CELL_PX = 8
PHASE_SHARES = (0.15, 0.35, 0.75, 0.9)  # reach until, grasp until, hold until, release until
TOUCHES = ((0.35, 0.80, 0), (0.40, 0.78, 1))  # start, stop as shares of the length; pad
HOLD_N = 2.0
LAG_S = 0.03  # of the measured joints behind the sent ones
NOISE_RAD = 2e-4
NUMERIC_STREAMS = ("joints_measured", "joints_sent", "taxels", "fingertip_force")


@dataclass(frozen=True)
class SyntheticTake:
    """What a made-up episode contains.

    Attributes
    ----------
    number : int
        Episode number.
    seconds : float
        Length.
    cameras : sequence of str
        Names of colour cameras; each becomes a stream ``<name>/rgb``.
    size : tuple of (int, int)
        Width and height of their pictures.
    texture : bool
        Fill the pictures with structure, so that they cost what real ones cost to decode.
    seed : int
        Of the noise on joints and forces.
    lost : mapping of stream name to sequence numbers that never arrived
    notes : mapping
        Added to those of the header.
    """

    number: int = 0
    seconds: float = 4.0
    cameras: Sequence[str] = ("front",)
    size: tuple[int, int] = (160, 120)
    texture: bool = False
    seed: int = 0
    task: str = "pick-up-the-ball"
    instruction: str = "pick up the ball"
    operator_code: str = "P01"
    source: str = "kinesthetic"
    outcome: str = "success"
    wall_time: str = "2026-01-01T00:00:00.000+00:00"
    lost: dict[str, frozenset[int]] | None = None
    notes: dict[str, Any] = field(default_factory=dict)


def frame_with_number(number: int, size: tuple[int, int], texture: NDArray | None) -> NDArray:
    """RGB picture that carries ``number``; see ``frame_number``."""
    width, height = size
    frame = np.full((height, width, 3), 60, np.uint8) if texture is None else texture.copy()
    x = int((number * 3) % max(1, width - 20))
    cv2.circle(frame, (x + 10, height // 2), height // 8, (230, 120, 40), -1)
    cv2.putText(
        frame, str(number), (4, height - 8), cv2.FONT_HERSHEY_SIMPLEX, height / 240, (255,) * 3, 1
    )
    for bit in range(BITS):
        shade = 255 if number >> bit & 1 else 0
        frame[:CELL_PX, bit * CELL_PX : (bit + 1) * CELL_PX] = shade
    return frame


def frame_number(frame: NDArray) -> int:
    """Number a picture of ``frame_with_number`` carries, also after JPEG."""
    cells = frame[:CELL_PX, : BITS * CELL_PX].reshape(CELL_PX, BITS, CELL_PX, -1)
    bright = cells.mean(axis=(0, 2, 3)) > 127
    return int(sum(1 << bit for bit in range(BITS) if bright[bit]))


def write_take(dataset: Dataset, take: SyntheticTake, rig: Rig | None = None) -> Path:
    """Write and publish a made-up episode; returns its file.

    Parameters
    ----------
    dataset : Dataset
        Where it goes.
    take : SyntheticTake
        Its content.
    rig : Rig, optional
        Gives hand, pads and stream descriptions; ``sim-xhand`` by default.
    """
    rig = rig or load_rig("sim-xhand")
    specs = _specs(take, rig)
    header = _header(take, rig, specs)
    path = dataset.log_path(take.number, header["uuid"])
    writer = LogWriter(DurableFile(path), header)
    texture = _texture(take) if take.texture else None
    values = _Values(take, rig, texture)
    due = [
        (START_NS + round(seq * NS_PER_S / spec.rate_hz), index, seq)
        for index, spec in enumerate(specs)
        for seq in range(int(spec.rate_hz * take.seconds))
        if seq not in (take.lost or {}).get(spec.name, frozenset())
    ]
    for stamp_ns, index, seq in sorted(due):
        spec = specs[index]
        time_s = (stamp_ns - START_NS) / NS_PER_S
        stored, crc = encode_with_crc(spec, values.at(spec, seq, time_s))
        record = LogRecord(index, seq, stamp_ns, stored, NO_DEVICE_STAMP)
        writer.append([encode_record(record, crc)])
    end_ns = START_NS + round(take.seconds * NS_PER_S)
    facts = {"reason": "stopped", "stamp_ns": end_ns, "outcome": take.outcome}
    writer.append([encode_record(json_record(END_STREAM, facts))])
    writer.close()
    published = finalise_log(dataset, path).path
    assert published is not None
    return published


def _specs(take: SyntheticTake, rig: Rig) -> tuple[StreamSpec, ...]:
    numeric = [spec for spec in rig.streams() if spec.name.rpartition("/")[2] in NUMERIC_STREAMS]
    width, height = take.size
    cameras = [
        StreamSpec(
            name=f"{name}/rgb",
            kind="image",
            dtype="u1",
            shape=(height, width, 3),
            axes=("row", "column", "rgb"),
            rate_hz=30.0,
            encoding="jpeg",
            device=name,
        )
        for name in take.cameras
    ]
    return (*numeric, *cameras)


def _header(take: SyntheticTake, rig: Rig, specs: Sequence[StreamSpec]) -> dict[str, Any]:
    return {
        "uuid": uuids.UUID(int=take.seed * 1_000_003 + take.number, version=4).hex,
        "number": take.number,
        "redo_of": None,
        "press_ns": START_NS,
        "pre_roll_s": 0.0,
        "task": take.task,
        "instruction": take.instruction,
        "operator_code": take.operator_code,
        "source": take.source,
        "notes": {"synthetic": True, **take.notes},
        "calibration": {},
        "rig": rig.model_dump(mode="json", by_alias=True),
        "rig_name": rig.name,
        "streams": [spec.model_dump(mode="json") for spec in specs],
        "session": "synthetic",
        "seed": take.seed,
        "software_version": "synthetic",
        "boot_id": "synthetic",
        "wall_time": take.wall_time,
    }


def _texture(take: SyntheticTake) -> NDArray:
    width, height = take.size
    random = np.random.default_rng(take.seed)
    coarse = random.integers(30, 220, (height // 8, width // 8, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    noise = random.normal(0.0, 6.0, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


class _Values:
    """The motion, the touches and the pictures of one made-up take."""

    def __init__(self, take: SyntheticTake, rig: Rig, texture: NDArray | None) -> None:
        self._take, self._texture = take, texture
        self._random = np.random.default_rng(take.seed + take.number)
        self._hands = {hand.side: hand.spec for hand in rig.hands}
        rise, closed, held, opened = (share * take.seconds for share in PHASE_SHARES)
        self._knots_s = (0.0, rise, closed, held, opened, take.seconds)
        self._closure = (0.0, 0.1, 0.8, 0.8, 0.1, 0.0)

    def at(self, spec: StreamSpec, seq: int, time_s: float) -> NDArray:
        side, quantity = spec.name.split("/")
        if spec.kind == "image":
            return frame_with_number(seq, self._take.size, self._texture)
        if quantity in ("joints_measured", "joints_sent"):
            return self._joints(side, quantity == "joints_measured", time_s)
        forces = self._normal_forces_n(spec.shape[0], time_s)
        if quantity == "fingertip_force":
            return np.stack([0.1 * forces, 0.0 * forces, forces], axis=1).astype(spec.dtype)
        taxels = np.zeros(spec.shape, spec.dtype)
        taxels[..., 2] = forces[:, None] / spec.shape[1]
        return taxels

    def _joints(self, side: str, measured: bool, time_s: float) -> NDArray:
        hand = self._hands[side]
        rest = hand.home
        reach = np.where(np.arange(hand.size) < hand.wrist_size, 0.0, 0.6 * (hand.upper - rest))
        if not measured:
            return rest + self._eased(time_s) * reach
        noise = self._random.normal(0.0, NOISE_RAD, hand.size)
        return np.clip(rest + self._eased(time_s - LAG_S) * reach + noise, hand.lower, hand.upper)

    def _eased(self, time_s: float) -> float:
        """Closure of the hand, 0 to 1, at rest at every knot."""
        at = int(np.clip(np.searchsorted(self._knots_s, time_s, "right") - 1, 0, 4))
        before, after = self._knots_s[at], self._knots_s[at + 1]
        into = float(np.clip((time_s - before) / (after - before), 0.0, 1.0))
        smooth = into * into * (3.0 - 2.0 * into)
        return self._closure[at] + smooth * (self._closure[at + 1] - self._closure[at])

    def _normal_forces_n(self, pads: int, time_s: float) -> NDArray:
        forces = np.zeros(pads)
        for start, stop, pad in TOUCHES:
            if pad < pads and start * self._take.seconds <= time_s < stop * self._take.seconds:
                forces[pad] = HOLD_N * (1.0 + 0.1 * np.sin(20.0 * time_s))
        return forces
