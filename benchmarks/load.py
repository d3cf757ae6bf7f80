"""The load of the ``record`` figures, without a simulator: prepared frames with texture and noise.

``python -m benchmarks.load --session FILE`` publishes, from the rig of ``load_rig()``: three RGB
640x480 at 30 Hz, one depth 640x480 at 30 Hz, four visuotactile 320x240 at 30 Hz, 5x120x3 taxels
at 100 Hz and 16 joints (measured, velocity, effort, requested, sent) at 200 Hz. Each sample's
first bytes hold its sequence number, so that a reader can prove that no frame is in a wrong place.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.bus import Publisher
from devices.clock import NS_PER_S, now_ns
from devices.process import ProcessContext, raise_priority
from devices.rig import Rig
from devices.session_file import SessionFile
from devices.stream import StreamSpec

PREPARED = 24  # different frames per stream, published in turn
READ_NOISE = 4.0  # standard deviation in grey levels, as of a small webcam indoors
DEPTH_NOISE = 10.0  # steps of 0.1 mm: 1 mm, as of a stereo camera at 0.6 m


def load_rig(width: int = 640, height: int = 480) -> Rig:
    """The rig of the ``record`` figures; a second hand carries the taxels and publishes no joints.

    Parameters
    ----------
    width, height : int
        Camera size in pixels; tests take smaller ones.
    """
    camera = {"width": width, "height": height, "rate_hz": 30, "quality": 95}
    return Rig.model_validate(
        {
            "schema": "thenar.rig/1",
            "name": "record-load",
            "title": "Prepared frames for the record figures",
            "hands": [
                {"side": "right", "model": "leap", "driver": "none"},
                {"side": "left", "model": "xhand", "driver": "none", "control_rate_hz": 1},
            ],
            "tactile": [
                {
                    "side": "right",
                    "kind": "visuotactile",
                    "rate_hz": 30,
                    "width": width // 2,
                    "height": height // 2,
                    "encoding": "jpeg",
                    "quality": 95,
                },
                {"side": "left", "kind": "taxels", "rate_hz": 100},
            ],
            "cameras": [
                {"name": "front", "depth": True, **camera},
                {"name": "side", **camera},
                {"name": "wrist", **camera},
            ],
        }
    )


def load_streams(rig: Rig) -> list[StreamSpec]:
    """The streams of ``rig`` that the load publishes: joints only where no driver does."""
    idle = rig.hand("right").driver == "none"
    return [
        spec
        for spec in rig.streams()
        if spec.is_image
        or spec.kind == "taxels"
        or (idle and spec.kind == "joints" and spec.name.startswith("right/"))
    ]


def prepared_frames(spec: StreamSpec, seed: int) -> list[NDArray]:
    """Frames of ``spec`` with smooth texture at several scales and sensor noise on top."""
    random = np.random.default_rng(seed)
    if not spec.is_image:
        size = (PREPARED, *spec.shape)
        return list(random.normal(0.0, 0.5, size).astype(spec.dtype))
    height, width = spec.shape[:2]
    channels = spec.shape[2:] or (1,)
    base = sum(
        _texture(random, height, width, channels[0], cell) * weight
        for cell, weight in ((64, 0.6), (16, 0.3), (4, 0.1))
    )
    frames = []
    for _ in range(PREPARED):
        if spec.kind == "depth":
            noise = random.normal(0.0, DEPTH_NOISE, (height, width))
            frame = np.clip(4000 + 4000 * base[..., 0] + noise, 0, 65535)
        else:
            noise = random.normal(0.0, READ_NOISE, (height, width, channels[0]))
            frame = np.clip(255 * base + noise, 0, 255).reshape(spec.shape)
        frames.append(frame.astype(spec.dtype))
    return frames


def _texture(
    random: np.random.Generator, height: int, width: int, channels: int, cell: int
) -> NDArray[np.float64]:
    """Random values on a grid of ``cell`` pixels, linearly enlarged; (height, width, channels)."""
    grid = random.random((height // cell + 2, width // cell + 2, channels))
    rows, columns = np.arange(height) / cell, np.arange(width) / cell
    low_row, low_column = rows.astype(int), columns.astype(int)
    row_share = (rows - low_row)[:, None, None]
    column_share = (columns - low_column)[None, :, None]
    top = grid[low_row][:, low_column] * (1 - column_share) + (
        grid[low_row][:, low_column + 1] * column_share
    )
    bottom = grid[low_row + 1][:, low_column] * (1 - column_share) + (
        grid[low_row + 1][:, low_column + 1] * column_share
    )
    return top * (1 - row_share) + bottom * row_share


@dataclass
class Lane:
    """One published stream and when its next sample is due."""

    spec: StreamSpec
    publisher: Publisher
    frames: list[NDArray]
    period_ns: int
    next_ns: int

    def send(self) -> None:
        """Publish the next prepared frame, stamped now, its device stamp being its seq in ms."""
        seq = self.publisher.next_seq
        buffer = self.publisher.lend()
        buffer[...] = self.frames[seq % len(self.frames)]
        mark_frame(self.spec, buffer, seq)
        self.publisher.publish(now_ns(), device_stamp_ns=seq * 1_000_000)


def mark_frame(spec: StreamSpec, buffer: NDArray, seq: int) -> None:
    """Write ``seq`` into a sample: in the first value, or as eight 8x8 blocks of 16 grey levels."""
    if spec.is_image and spec.kind != "depth":
        for digit in range(8):
            buffer[:8, 8 * digit : 8 * digit + 8] = 16 * ((seq >> (4 * digit)) & 15) + 8
    else:
        buffer.reshape(-1)[0] = seq % 65536


def read_mark(spec: StreamSpec, frame: NDArray) -> int:
    """Read what ``mark_frame`` wrote, after JPEG; modulo 65536 for plain values."""
    if spec.is_image and spec.kind != "depth":
        return sum(
            (int(frame[2:6, 8 * digit + 2 : 8 * digit + 6].mean()) // 16) << (4 * digit)
            for digit in range(8)
        )
    return int(frame.reshape(-1)[0])


def publish_load(context: ProcessContext) -> None:
    """Publish every stream at its rate until asked to stop."""
    specs = load_streams(context.session.rig)
    prepared = [prepared_frames(spec, number) for number, spec in enumerate(specs)]
    start_ns = now_ns() + NS_PER_S // 10
    lanes = []
    for number, (spec, frames) in enumerate(zip(specs, prepared, strict=True)):
        period_ns = int(NS_PER_S / spec.rate_hz)
        lanes.append(
            Lane(
                spec,
                context.bus.publisher(spec),
                frames,
                period_ns,
                start_ns + number * period_ns // 16,
            )
        )
    raise_priority(nice=-5)
    while not context.should_stop:
        at_ns = now_ns()
        for lane in lanes:
            while lane.next_ns <= at_ns:
                lane.send()
                lane.next_ns += lane.period_ns
        context.report(published={lane.spec.name: lane.publisher.next_seq for lane in lanes})
        due_ns = min(lane.next_ns for lane in lanes) - now_ns()
        if due_ns > 0:
            time.sleep(due_ns / NS_PER_S)


def main() -> None:
    """Parse the command line and publish."""
    parser = argparse.ArgumentParser(prog="benchmarks.load", description=__doc__)
    parser.add_argument("--session", type=Path, required=True)
    arguments = parser.parse_args()
    publish_load(ProcessContext("load", SessionFile.read(arguments.session)))


if __name__ == "__main__":
    main()
