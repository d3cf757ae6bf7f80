"""Made-up episodes of everything that cameras and files get wrong."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.rig import Rig, load_rig
from recorder import synthetic
from recorder.dataset import Dataset
from recorder.encoding import Encoded, encode_with_crc
from recorder.synthetic import SyntheticTake, write_take

SIZE = (128, 96)
PICTURES = 16
DAMAGED = 7  # picture that is damaged in a take with one
OPERATOR_RGB = (210, 160, 140)


def write_bad_take(dataset: Dataset, number: int, kind: str) -> None:
    """Write and publish one episode.

    ``kind`` is ``good``, ``one`` (picture), ``tripod`` (moved half-way), ``exposure`` (jumps),
    ``uncalibrated``, ``garbage`` (a stored picture is none), ``small`` (a stored picture has
    another size), or ``empty`` (no pictures).
    """
    seconds = 1.01 / 30 if kind == "one" else PICTURES / 30
    lost = {"front/rgb": frozenset(range(PICTURES))} if kind == "empty" else None
    take = SyntheticTake(number=number, seconds=seconds, size=SIZE, seed=number, lost=lost)
    rig = load_rig("sim-xhand")
    with (
        mock.patch.object(synthetic, "frame_with_number", _pictures(kind)),
        mock.patch.object(synthetic, "encode_with_crc", _encoder(kind)),
    ):
        write_take(dataset, take, _uncalibrated(rig) if kind == "uncalibrated" else rig)


def _pictures(kind: str) -> Callable[[int, object, object], NDArray[np.uint8]]:
    random = np.random.default_rng(5)
    width, height = SIZE
    coarse = random.integers(40, 200, (height // 8, width // 8, 3), dtype=np.uint8)
    scene = cv2.resize(coarse, (width + 40, height + 40), interpolation=cv2.INTER_CUBIC)

    def picture(index: int, size: object, texture: object) -> NDArray[np.uint8]:
        later = index >= PICTURES // 2
        x, y = (14, 9) if kind == "tripod" and later else (4, 4)
        gain = 1.6 if kind == "exposure" and later else 1.0
        seen = scene[y : y + height, x : x + width] * gain
        noisy = np.clip(seen + random.normal(0, 2, seen.shape), 0, 255).astype(np.uint8)
        at = round(index / (PICTURES - 1) * (width + 50)) - 50
        return cv2.rectangle(noisy, (at, height // 3), (at + 40, height), OPERATOR_RGB, -1)

    return picture


def _encoder(kind: str) -> Callable[..., Encoded]:
    seen = []

    def encode(spec, data) -> Encoded:
        stored, crc = encode_with_crc(spec, data)
        if spec.kind != "image" or kind not in ("garbage", "small"):
            return stored, crc
        seen.append(spec)
        if len(seen) - 1 != DAMAGED:
            return stored, crc
        half = data[: data.shape[0] // 2]
        other = b"\xff\xd8 no picture" if kind == "garbage" else cv2.imencode(".jpg", half)[1]
        return bytes(other), zlib.crc32(bytes(other))

    return encode


def _uncalibrated(rig: Rig) -> Rig:
    cameras = tuple(one.model_copy(update={"driver": "some_camera"}) for one in rig.cameras)
    return rig.model_copy(update={"cameras": cameras})
