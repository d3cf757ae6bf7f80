"""What ``meta/`` of a LeRobot v3 dataset says, judged before anything is done with it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder.importers.foreign import clean_text
from recorder.importers.limits import Limits, Refused

FIELD = re.compile(r"\{(chunk_index|file_index|video_key)(?::0?(\d)d)?\}")
KEY = re.compile(r"^[A-Za-z0-9_.\- ]{1,200}$")
NUMBERS = frozenset(
    ("float16", "float32", "float64", "bool")
    + tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
)
PICTURES = ("video", "image")
MAX_FPS = 1000.0
MAX_VALUES = 1 << 20  # of one feature in one row
MAX_LENGTH = 24 * 3600 * 1000
DEFAULT_DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
DEFAULT_VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"


@dataclass(frozen=True)
class Feature:
    """One column of a LeRobot dataset.

    Attributes
    ----------
    key : str
    dtype : str
        ``video``, ``image``, ``string`` or a number type.
    shape : tuple of int
    names : tuple of str
        Names of the values of a flat feature; may be empty.
    facts : dict
        The feature's own ``info``.
    """

    key: str
    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...]
    facts: dict[str, Any]

    @property
    def values(self) -> int:
        """Numbers in one row."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class LeRobotFacts:
    """``meta/info.json``, judged.

    Attributes
    ----------
    fps : float
    robot : str
    episodes, frames : int
        As announced.
    data_path, video_path : str
        Templates, safe to fill in with ``fill``.
    features : dict of str to Feature
    """

    fps: float
    robot: str
    episodes: int
    frames: int
    data_path: str
    video_path: str
    features: dict[str, Feature]


def whole(value: Any, name: str, least: int = 0, most: int = 2**53) -> int:
    """A whole number within bounds; raises ``Refused`` naming it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise Refused(f"{name} is {str(value)[:40]!r}, a whole number was expected")
    if math.isinf(value) or int(value) != value or not least <= value <= most:
        raise Refused(f"{name} is {str(value)[:40]}, outside {least} to {most}")
    return int(value)


def template(value: Any, name: str, default: str) -> str:
    """A path template with no field but those of LeRobot; raises ``Refused``."""
    text = default if value is None else value
    if not isinstance(text, str) or not 0 < len(text) <= 400:
        raise Refused(f"{name} is {str(value)[:60]!r}, a path was expected")
    plain = FIELD.sub("x", text)
    parts = plain.split("/")
    if "{" in plain or "}" in plain:
        raise Refused(
            f"{name} is {text[:80]!r}: only chunk_index, file_index and video_key may be filled in"
        )
    if plain.startswith("/") or ":" in plain or "\\" in plain or not plain.isprintable():
        raise Refused(f"{name} is {text[:80]!r}, which is no path inside the dataset")
    if any(part in ("", ".", "..") for part in parts):
        raise Refused(f"{name} is {text[:80]!r}, which would leave the dataset")
    return text


def fill(text: str, chunk: int, file: int, key: str = "") -> str:
    """Fill in a template that ``template`` accepted."""
    values = {"chunk_index": chunk, "file_index": file}

    def value(match: re.Match[str]) -> str:
        if match[1] == "video_key":
            return key
        return str(values[match[1]]).zfill(int(match[2] or 0))

    return FIELD.sub(value, text)


def inside(root: Path, relative: str) -> Path:
    """A regular file of the dataset; raises ``Refused`` when it leaves it or is missing."""
    path = root / relative
    if not path.resolve().is_relative_to(root.resolve()):
        raise Refused(
            f"'{relative}' leads out of the dataset through a link; copy the dataset with its "
            "links followed (`cp -rL`)"
        )
    if not path.is_file():
        raise Refused(f"'{relative}' is missing from the dataset")
    return path


def judge_info(info: Any, limits: Limits) -> LeRobotFacts:
    """Judge ``info.json``.

    Raises
    ------
    Refused
        Naming the first entry that cannot be.
    """
    if not isinstance(info, dict):
        raise Refused("'info.json' is no JSON object")
    version = str(info.get("codebase_version"))[:20]
    if not version.startswith("v3"):
        raise Refused(
            f"'info.json' says codebase_version {version!r}; version v3.0 is read, convert older "
            "datasets with LeRobot's own converter"
        )
    fps = info.get("fps")
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps <= MAX_FPS:
        raise Refused(f"fps in 'info.json' is {str(fps)[:40]}, outside 0 to {MAX_FPS:g}")
    features = info.get("features")
    if not isinstance(features, dict) or not features:
        raise Refused("'info.json' names no features")
    if len(features) > limits.columns:
        raise Refused(f"'info.json' names {len(features)} features (limit {limits.columns})")
    return LeRobotFacts(
        fps=float(fps),
        robot=clean_text(info.get("robot_type"), 60) or "unknown",
        episodes=whole(info.get("total_episodes"), "total_episodes", 1, limits.episodes),
        frames=whole(info.get("total_frames"), "total_frames", 1, limits.rows),
        data_path=template(info.get("data_path"), "data_path", DEFAULT_DATA_PATH),
        video_path=template(info.get("video_path"), "video_path", DEFAULT_VIDEO_PATH),
        features={key: _feature(key, value, limits) for key, value in features.items()},
    )


def _feature(key: str, value: Any, limits: Limits) -> Feature:
    shown = key[:80]
    if not KEY.match(key) or ".." in key:
        raise Refused(f"feature '{shown}' has a name with slashes or odd letters")
    if not isinstance(value, dict):
        raise Refused(f"feature '{shown}' is no JSON object")
    dtype = str(value.get("dtype"))[:40]
    if dtype not in NUMBERS and dtype not in PICTURES and dtype not in ("string", "language"):
        raise Refused(f"feature '{shown}' has dtype '{dtype}', which is not read")
    shape = value.get("shape")
    if not isinstance(shape, list) or len(shape) > 5:
        raise Refused(f"feature '{shown}' has shape {str(shape)[:60]}, up to five axes are read")
    sizes = tuple(whole(n, f"shape of feature '{shown}'", 1, 1 << 20) for n in shape)
    if dtype in PICTURES:
        if len(sizes) != 3:
            raise Refused(f"feature '{shown}' has shape {sizes}, pictures have three axes")
        if math.prod(sizes) > 3 * limits.picture_pixels:
            raise Refused(
                f"feature '{shown}' has shape {sizes} (limit {limits.picture_pixels} pixels)"
            )
    elif math.prod(sizes) > MAX_VALUES:
        raise Refused(f"feature '{shown}' has {math.prod(sizes)} values a row (limit {MAX_VALUES})")
    names = value.get("names")
    if isinstance(names, dict) and len(names) == 1:
        names = next(iter(names.values()))
    plain: tuple[str, ...] = ()
    if isinstance(names, list) and len(names) <= MAX_VALUES:
        plain = tuple(clean_text(name, 120) for name in names)
    facts = value.get("info")
    facts = dict(facts) if isinstance(facts, dict) else {}
    facts["shape_of_one"] = value.get("shape_of_one")  # exports of this program say it there
    return Feature(key, dtype, sizes, plain, facts)


@dataclass(frozen=True)
class EpisodeFacts:
    """One row of ``meta/episodes``, judged.

    Attributes
    ----------
    index, length : int
    data_file : tuple of (int, int)
        Chunk and file of its rows.
    videos : dict of str to (chunk, file, start_s)
    row : dict
        The whole row, for further columns.
    """

    index: int
    length: int
    data_file: tuple[int, int]
    videos: dict[str, tuple[int, int, float]]
    row: dict[str, Any]


def judge_episode(row: dict[str, Any], expected: int, facts: LeRobotFacts) -> EpisodeFacts:
    """Judge one row of ``meta/episodes``.

    Raises
    ------
    Refused
        Naming the entry that cannot be.
    """
    index = whole(row.get("episode_index"), "episode_index", 0)
    if index != expected:
        raise Refused(
            f"episode_index {index} stands where {expected} was expected; episodes have gaps"
        )
    here = f"episode {index}"
    length = whole(row.get("length"), f"length of {here}", 1, MAX_LENGTH)
    first = whole(row.get("dataset_from_index"), f"dataset_from_index of {here}")
    after = whole(row.get("dataset_to_index"), f"dataset_to_index of {here}")
    if after - first != length:
        raise Refused(f"{here} spans rows {first} to {after}, its length is {length}")
    videos = {}
    for key, feature in facts.features.items():
        if feature.dtype == "video":
            start_s = row.get(f"videos/{key}/from_timestamp")
            stop_s = row.get(f"videos/{key}/to_timestamp")
            for value in (start_s, stop_s):
                if not isinstance(value, int | float) or not 0 <= value < 1e7:
                    raise Refused(f"{here}: video '{key}' lies at {str(value)[:40]} s")
            videos[key] = (
                whole(row.get(f"videos/{key}/chunk_index"), f"{here}: chunk_index", 0, 10**6),
                whole(row.get(f"videos/{key}/file_index"), f"{here}: file_index", 0, 10**6),
                float(start_s),  # type: ignore[arg-type]
            )
    data_file = (
        whole(row.get("data/chunk_index"), f"{here}: data chunk_index", 0, 10**6),
        whole(row.get("data/file_index"), f"{here}: data file_index", 0, 10**6),
    )
    return EpisodeFacts(index, length, data_file, videos, row)
