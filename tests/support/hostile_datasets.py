"""LeRobot and robomimic datasets whose description lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from support.foreign import data_table, episode_rows, write_lerobot, write_robomimic

Make = Callable[[Path], Path]
LENGTHS = [4, 3]
INFO = "meta/info.json"
ROWS = "data/chunk-000/file-000.parquet"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
FRONT = "observation.images.front"


def _info(**changes: Any) -> Make:
    def make(root: Path) -> Path:
        write_lerobot(root, LENGTHS)
        info = json.loads((root / INFO).read_text())
        (root / INFO).write_text(json.dumps(info | changes))
        return root

    return make


def _feature(key: str, **changes: Any) -> Make:
    def make(root: Path) -> Path:
        write_lerobot(root, LENGTHS)
        info = json.loads((root / INFO).read_text())
        info["features"][key] = info["features"].get(key, {}) | changes
        (root / INFO).write_text(json.dumps(info))
        return root

    return make


def _episode(**changes: Any) -> Make:
    def make(root: Path) -> Path:
        write_lerobot(root, LENGTHS)
        rows = episode_rows(LENGTHS)
        rows[1] = rows[1] | {key.replace("__", "/"): value for key, value in changes.items()}
        pq.write_table(pa.Table.from_pylist(rows), root / EPISODES)
        return root

    return make


def _column(name: str, change: Callable[[Any], Any]) -> Make:
    def make(root: Path) -> Path:
        write_lerobot(root, LENGTHS)
        table = data_table(LENGTHS)
        values = change(table.column(name).to_pylist())
        kind = table.schema.field(name).type
        at = table.schema.get_field_index(name)
        pq.write_table(table.set_column(at, name, pa.array(values, kind)), root / ROWS)
        return root

    return make


def _with(index: int, value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda values: values[:index] + [value] + values[index + 1 :]


def _linked(root: Path) -> Path:
    write_lerobot(root, LENGTHS)
    outside = root.with_name("outside.parquet")
    (root / ROWS).rename(outside)
    (root / ROWS).symlink_to(outside)
    return root


def _missing(relative: str) -> Make:
    def make(root: Path) -> Path:
        write_lerobot(root, LENGTHS)
        (root / relative).unlink()
        return root

    return make


def _demo(change: Callable[[h5py.File], object]) -> Make:
    def make(root: Path) -> Path:
        path = root.with_suffix(".hdf5")
        write_robomimic(path, LENGTHS)
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    return make


def _env(text: str) -> Make:
    return _demo(lambda file: file["data"].attrs.__setitem__("env_args", text))


def _nan_action(file: h5py.File) -> None:
    for demo in file["data"].values():
        demo["actions"][1] = np.nan


def _no_demo(file: h5py.File) -> None:
    for name in list(file["data"]):
        file.move(f"data/{name}", f"data/take_{name}")


LEROBOT: dict[str, tuple[Make, str]] = {
    "fps of zero": (_info(fps=0), "fps .* is 0"),
    "fps of a billion": (_info(fps=1e9), "fps .* outside"),
    "fps below zero": (_info(fps=-30), "fps .* is -30"),
    "fps as text": (_info(fps="30"), "fps"),
    "fps as truth": (_info(fps=True), "fps"),
    "fps not a number": (_info(fps=float("nan")), "number NaN"),
    "old version": (_info(codebase_version="v2.1"), "version v3.0 is read"),
    "no features": (_info(features={}), "names no features"),
    "features as list": (_info(features=[1]), "names no features"),
    "episodes below zero": (_info(total_episodes=-1), "total_episodes is -1"),
    "a trillion episodes": (_info(total_episodes=10**12), "total_episodes is 1000000000000"),
    "half an episode": (_info(total_episodes=1.5), "total_episodes is 1.5"),
    "more episodes than rows": (_info(total_episodes=3), "announces 3 episodes"),
    "more frames than rows": (_info(total_frames=900), "announces 900 frames"),
    "data path up": (_info(data_path="../../etc/passwd"), "data_path .* leave the dataset"),
    "data path absolute": (_info(data_path="/etc/passwd"), "data_path .* no path inside"),
    "data path with an address": (_info(data_path="http://x/{file_index}"), "data_path"),
    "data path with attributes": (_info(data_path="{chunk_index.__class__}"), "only chunk_index"),
    "data path of endless width": (_info(data_path="{file_index:0999999999d}"), "only chunk_index"),
    "data path with backslash": (_info(data_path="data\\..\\x"), "data_path"),
    "data path as number": (_info(data_path=5), "data_path is .5., a path"),
    "video path up": (_info(video_path="videos/../../{video_key}"), "video_path .* leave"),
    "video path absolute": (_info(video_path="/dev/{video_key}"), "video_path"),
    "feature with slashes": (_feature("a/../../b", dtype="float32", shape=[1]), "slashes"),
    "feature with dots": (_feature("..", dtype="float32", shape=[1]), "slashes or odd"),
    "feature of objects": (_feature("x", dtype="object", shape=[1]), "dtype 'object'"),
    "feature of no shape": (_feature("action", shape="3"), "has shape"),
    "feature of minus one": (_feature("action", shape=[-1]), "shape of feature 'action' is -1"),
    "feature of 2^60 values": (_feature("action", shape=[1 << 20] * 3), "values a row"),
    "pictures of 2^40 pixels": (_feature(FRONT, shape=[1 << 20, 1 << 20, 3]), "pixels"),
    "feature that is wider": (_feature("action", shape=[4]), "holds 3 values a row"),
    "pictures of another size": (_feature(FRONT, shape=[60, 80, 3]), "shape"),
    "column that is not there": (_feature("x", dtype="float32", shape=[1]), "no column 'x'"),
    "length of zero": (_episode(length=0), "length of episode 1 is 0"),
    "length that overflows": (_episode(length=2**62), "length of episode 1"),
    "length below zero": (_episode(length=-5), "length of episode 1 is -5"),
    "span of another length": (_episode(dataset_to_index=9), "spans rows"),
    "index that jumps": (_episode(episode_index=7), "episode_index 7 stands"),
    "file index below zero": (_episode(data__file_index=-1), "file_index is -1"),
    "video from nowhere": (
        _episode(**{f"videos__{FRONT}__from_timestamp": float("nan")}), "lies at nan"),
    "video from the far end": (
        _episode(**{f"videos__{FRONT}__from_timestamp": 1e6}), "ends after 0 of 3"),
    "states not a number": (
        _column("observation.state", _with(5, [1.0, float("nan"), 2.0])), "not finite"),
    "time not a number": (_column("timestamp", _with(5, float("nan"))), "timestamp of episode 1"),
    "time that jumps": (_column("timestamp", _with(5, 99.0)), "timestamp of episode 1"),
    "frames that do not count": (_column("frame_index", _with(5, 77)), "does not count"),
    "row of another episode": (_column("episode_index", _with(5, 0)), "rows in|does not count"),
    "rows leading out by a link": (_linked, "leads out of the dataset"),
    "rows missing": (_missing(ROWS), "is missing"),
    "video missing": (_missing(f"videos/{FRONT}/chunk-000/file-000.mp4"), "is missing"),
    "episodes missing": (_missing(EPISODES), "lists no episode"),
}  # fmt: skip

ROBOMIMIC: dict[str, tuple[Make, str]] = {
    "number of samples that lies": (
        _demo(lambda f: f["data/demo_1"].attrs.__setitem__("num_samples", 99)), "announces 99"),
    "no demo": (_demo(_no_demo), "no '/data/demo_"),
    "no data": (_demo(lambda f: f.move("data", "date")), "no group '/data'"),
    "actions that are missing": (
        _demo(lambda f: f.__delitem__("data/demo_1/actions")), "actions' has shape None"),
    "actions not a number": (_demo(_nan_action), "not finite"),
    "rate of zero": (_env('{"env_kwargs": {"control_freq": 0}}'), "outside 0 to 1000 Hz"),
    "rate of infinity": (_env('{"env_kwargs": {"control_freq": Infinity}}'), "outside 0 to 1000"),
    "description that is no json": (_env("{'a': 1}"), "env_args is no JSON"),
    "description that nests": (_env("[" * 200_000), "env_args is no JSON|claims"),
}  # fmt: skip
