"""UMI / diffusion_policy: one Zarr (version 2) archive, all episodes in a row.

::

    dataset.zarr.zip
    ├── data/<key>                       all of the same length N, episode after episode
    │   ├── camera{i}_rgb                (N, H, W, 3) uint8, one picture per chunk
    │   ├── robot{i}_eef_pos, _eef_rot_axis_angle      (N, 3) palm in the world, free wrist only
    │   ├── robot{i}_demo_start_pose, _demo_end_pose   (N, 6) first and last pose of the episode
    │   ├── robot{i}_gripper_width       (N, 1) from thumb tip to index tip, m
    │   ├── robot{i}_joint_pos           (N, J) without the wrist; _joint_vel, _joint_effort
    │   ├── robot{i}_force, _taxels      (N, pads, 3), (N, pads, taxels, 3) N; _pressure
    │   ├── action                       per robot: pose (6), joints; then normal forces
    │   ├── label_<lane>                 what the final labels say of the row
    │   └── valid_<stream>, time_ns_<stream>           marks and real stamps
    └── meta/episode_ends                (E,) int64, cumulative, uncompressed; facts per episode

Robots are the hands in the order of the rig. Attributes of the archive name streams, entries and
units. Pictures are 224 x 224 with bars where the shape differs, so nothing that was seen is cut; an
image size that was chosen is taken as it is.

Zstandard, lossless, rather than UMI's JPEG XL: every reader of numcodecs has it, no codec must be
registered first, and one thread writes the same bytes each time (Blosc lays blocks in the order in
which its threads end).

Every episode is first a file of its own with its pictures compressed; at the end they are copied
into the archive without being decoded again.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import zarr
from numcodecs import Zstd
from numpy.typing import NDArray

from recorder.exporters.archive import FixedZip
from recorder.exporters.episode_rows import EpisodeRows
from recorder.exporters.formats import ExportSet, ExportTarget
from recorder.exporters.outcomes import is_success
from recorder.exporters.plan import ExportPlan
from recorder.exporters.rows import CameraColumn
from recorder.exporters.umi_columns import umi_columns

FILE = "dataset.zarr.zip"
SIZE = (224, 224)  # of UMI's pictures, width and height
LEVEL = 3  # Zstandard; 1 % smaller at 9 for three times the work
CHUNK_BYTES = 2_000_000  # of numbers, as diffusion_policy chooses
BYTES_PER_PIXEL = 1.2  # of 3, as measured on simulated scenes, bars included
NUMBERS = ".npy"


class UmiWriter:
    """Writes a Zarr archive for UMI and diffusion_policy."""

    passes_at_the_end = 1.0

    def begin(self, episodes: ExportSet, plan: ExportPlan, target: ExportTarget) -> None:
        """Learn what will come."""
        self._set, self._plan, self._target = episodes, plan, target
        self._codec = Zstd(level=LEVEL)

    def write(self, index: int, episode: EpisodeRows) -> dict[str, Any]:
        """Write one episode to a file of its own."""
        name = f"umi_{index:06d}.zip"
        columns = umi_columns(episode)
        cameras = [f"camera{place}_rgb" for place in range(len(episode.cameras))]
        with self._target.part(name) as path, FixedZip(path) as archive:
            for key, keyed in columns.items():
                with archive.open(key + NUMBERS) as entry:
                    np.lib.format.write_array(entry, keyed.data, allow_pickle=False)
            for key, camera in zip(cameras, episode.cameras, strict=True):
                for row, encoded in enumerate(self._pictures(episode, camera)):
                    archive.put(f"{key}/{row}", encoded)
        success = is_success(episode.outcome)
        return {
            "part": name,
            "length": episode.length,
            "columns": {key: keyed.about() for key, keyed in columns.items()},
            "cameras": {key: one.name for key, one in zip(cameras, episode.cameras, strict=True)},
            "number": episode.number,
            "success": -1 if success is None else int(success),
            "quality": episode.quality or 0,
        }

    def finish(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Put all episodes into one archive."""
        with self._target.file(FILE) as path, FixedZip(path) as archive:
            for name, content in self._described(results).items():
                archive.put(name, bytes(content))
            filling = {
                key: _Filling(archive, key, about, self._codec)
                for key, about in results[0]["columns"].items()
            }
            first = 0
            for one in results:
                with zipfile.ZipFile(self._target.parts / one["part"]) as part:
                    for key, numbers in filling.items():
                        numbers.add(read_numbers(part, key))
                    self._put_pictures(archive, part, one, first)
                first += one["length"]
            for numbers in filling.values():
                numbers.close()

    @classmethod
    def bytes_per_row(cls, episodes: ExportSet, plan: ExportPlan) -> float:
        """Estimate of the bytes one row of pictures takes."""
        width, height = plan.image_size or SIZE
        return BYTES_PER_PIXEL * width * height * len(episodes.cameras)

    def _pictures(self, episode: EpisodeRows, camera: CameraColumn) -> Iterator[bytes]:
        before, encoded = -1, b""
        for index, picture in zip(camera.index, episode.frames(camera), strict=True):
            if index != before:
                shown = picture if self._plan.image_size else letterboxed(picture, SIZE)
                before, encoded = index, bytes(self._codec.encode(np.ascontiguousarray(shown)))
            yield encoded
            self._target.tick(1)

    def _described(self, results: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
        """Make what Zarr says of the arrays, and the facts per episode, in the order of names."""
        ends = np.cumsum([one["length"] for one in results], dtype=np.int64)
        store: dict[str, bytes] = {}
        root = zarr.group(store=store)
        data, meta = root.create_group("data"), root.create_group("meta")
        for key, about in results[0]["columns"].items():
            shape = (int(ends[-1]), *about["shape"])
            chunks = (chunk_rows(about), *about["shape"])
            data.create(key, shape=shape, chunks=chunks, dtype=about["dtype"],
                        compressor=self._codec, fill_value=0)  # fmt: skip
        width, height = self._plan.image_size or SIZE
        for key in results[0]["cameras"]:
            data.create(key, shape=(int(ends[-1]), height, width, 3), chunks=(1, height, width, 3),
                        dtype="u1", compressor=self._codec, fill_value=0)  # fmt: skip
        meta.array("episode_ends", ends, compressor=None, chunks=ends.shape)
        for name in ("number", "success", "quality"):
            values = np.array([one[name] for one in results], np.int64)
            meta.array(f"episode_{name}", values, compressor=None, chunks=values.shape)
        columns = results[0]["columns"].items()
        root.attrs.put(
            {
                "rate_hz": self._plan.rate_hz,
                "action": self._set.action,
                "phases": list(self._set.phases),
                "cameras": dict(results[0]["cameras"]),
                "names": {key: about["names"] for key, about in columns if about["names"]},
                "units": {key: about["unit"] for key, about in columns if about["unit"]},
            }
        )
        return dict(sorted(store.items()))

    def _put_pictures(
        self, archive: FixedZip, part: zipfile.ZipFile, one: Mapping[str, Any], first: int
    ) -> None:
        for key in one["cameras"]:
            for row in range(one["length"]):
                archive.put(f"data/{key}/{first + row}.0.0.0", part.read(f"{key}/{row}"))
                self._target.tick(1)


class _Filling:
    """Cuts the numbers of episodes of any length into chunks of equal length."""

    def __init__(self, archive: FixedZip, key: str, about: Mapping[str, Any], codec: Zstd) -> None:
        self._archive, self._key, self._codec = archive, key, codec
        self._chunk = np.zeros((chunk_rows(about), *about["shape"]), about["dtype"])
        self._tail = ".0" * len(about["shape"])
        self._filled = self._place = 0

    def add(self, data: NDArray) -> None:
        """Append the rows of the next episode."""
        while len(data):
            taken = min(len(self._chunk) - self._filled, len(data))
            self._chunk[self._filled : self._filled + taken] = data[:taken]
            self._filled, data = self._filled + taken, data[taken:]
            if self._filled == len(self._chunk):
                self.close()

    def close(self) -> None:
        """Write what is there; the rest of a last chunk is zeros."""
        if self._filled:
            name = f"data/{self._key}/{self._place}{self._tail}"
            self._archive.put(name, bytes(self._codec.encode(self._chunk)))
            self._chunk[:], self._filled, self._place = 0, 0, self._place + 1


def chunk_rows(about: Mapping[str, Any]) -> int:
    """Return how many rows a chunk of numbers holds."""
    row_bytes = int(np.prod(about["shape"])) * np.dtype(about["dtype"]).itemsize
    return max(1, CHUNK_BYTES // row_bytes)


def letterboxed(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture scaled to fit into ``size`` (width, height), black bars on both sides."""
    width, height = size
    scale = min(width / picture.shape[1], height / picture.shape[0])
    inner = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    out = np.zeros((height, width, 3), np.uint8)
    x, y = (width - inner[0]) // 2, (height - inner[1]) // 2
    out[y : y + inner[1], x : x + inner[0]] = cv2.resize(picture, inner, interpolation=way)
    return out


def read_numbers(part: zipfile.ZipFile, key: str) -> NDArray:
    """Read an array as ``write`` put it into a part."""
    with part.open(key + NUMBERS) as entry:
        return np.lib.format.read_array(entry, allow_pickle=False)
