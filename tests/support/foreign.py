"""Small honest LeRobot v3 and robomimic datasets, made with the formats' own libraries alone."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recorder.synthetic import frame_with_number

SIZE = (160, 120)
FPS = 30


def state_of(episode: int, rows: int) -> NDArray[np.float32]:
    """(rows, 3) joints that tell episode and row."""
    return (np.arange(rows)[:, None] * 0.01 + np.array([0.0, 1.0, 2.0]) + 10 * episode).astype("f4")


def write_video(
    path: Path, numbers: list[int], codec: str = "libx264", size: tuple[int, int] = SIZE
) -> None:
    """A video whose pictures carry ``numbers``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        options = {"bf": "0", "g": "2", "crf": "18"} if codec == "libx264" else {}
        stream = container.add_stream(codec, rate=FPS, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = {"libx264": "yuv420p", "gif": "rgb8"}.get(codec, "yuv420p")
        stream.codec_context.time_base = Fraction(1, FPS)
        for at, number in enumerate(numbers):
            frame = av.VideoFrame.from_ndarray(frame_with_number(number, size, None), "rgb24")
            frame.pts, frame.time_base = at, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def lerobot_info(lengths: list[int]) -> dict[str, Any]:
    """``info.json`` of ``write_lerobot``."""
    scalar = {"shape": [1], "names": None}
    return {
        "codebase_version": "v3.0",
        "robot_type": "toy-hand",
        "total_episodes": len(lengths),
        "total_frames": sum(lengths),
        "total_tasks": 1,
        "fps": FPS,
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
        "features": {
            "observation.state": {"dtype": "float32", "shape": [3], "names": ["a", "b", "c"]},
            "action": {"dtype": "float32", "shape": [3], "names": {"motors": ["a", "b", "c"]}},
            "timestamp": {"dtype": "float32", **scalar},
            **{
                name: {"dtype": "int64", **scalar}
                for name in ("frame_index", "episode_index", "index", "task_index")
            },
            "observation.images.front": {
                "dtype": "video",
                "shape": [SIZE[1], SIZE[0], 3],
                "names": ["height", "width", "channels"],
            },
        },
    }


def episode_rows(lengths: list[int]) -> list[dict[str, Any]]:
    """Rows of ``meta/episodes``; all episodes share one data file and one video."""
    rows, first = [], 0
    for index, length in enumerate(lengths):
        rows.append(
            {
                "episode_index": index,
                "tasks": ["stack the cups"],
                "length": length,
                "data/chunk_index": 0,
                "data/file_index": 0,
                "dataset_from_index": first,
                "dataset_to_index": first + length,
                "videos/observation.images.front/chunk_index": 0,
                "videos/observation.images.front/file_index": 0,
                "videos/observation.images.front/from_timestamp": first / FPS,
                "videos/observation.images.front/to_timestamp": (first + length) / FPS,
                "success": index == 0,
                "stats/action/min": [0.0],
            }
        )
        first += length
    return rows


def data_table(lengths: list[int]) -> pa.Table:
    """All rows of all episodes."""
    states = np.concatenate([state_of(index, n) for index, n in enumerate(lengths)])
    frame = np.concatenate([np.arange(n) for n in lengths])
    vector = pa.list_(pa.float32(), 3)
    return pa.table(
        {
            "observation.state": pa.array(list(states), vector),
            "action": pa.array(list(states + np.float32(0.5)), vector),
            "timestamp": (frame / FPS).astype("f4"),
            "frame_index": frame,
            "episode_index": np.repeat(np.arange(len(lengths)), lengths),
            "index": np.arange(sum(lengths)),
            "task_index": np.zeros(sum(lengths), np.int64),
        }
    )


def write_lerobot(root: Path, lengths: list[int]) -> Path:
    """A LeRobot v3 dataset; picture ``k`` of the shared video carries the number ``k``."""
    for folder in ("meta/episodes/chunk-000", "data/chunk-000"):
        (root / folder).mkdir(parents=True)
    (root / "meta/info.json").write_text(json.dumps(lerobot_info(lengths)))
    tasks = pa.table({"task": ["stack the cups"], "task_index": [0]})
    pq.write_table(tasks, root / "meta/tasks.parquet")
    meta = pa.Table.from_pylist(episode_rows(lengths))
    pq.write_table(meta, root / "meta/episodes/chunk-000/file-000.parquet")
    pq.write_table(data_table(lengths), root / "data/chunk-000/file-000.parquet")
    video = root / "videos/observation.images.front/chunk-000/file-000.mp4"
    write_video(video, list(range(sum(lengths))))
    return root


def write_robomimic(path: Path, lengths: list[int]) -> Path:
    """A robomimic file with joints, a camera and actions."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["env_args"] = json.dumps(
            {"env_name": "toy", "type": 1, "env_kwargs": {"control_freq": 25}}
        )
        data.attrs["total"] = sum(lengths)
        for index, length in enumerate(lengths):
            demo = data.create_group(f"demo_{index}")
            demo.attrs["num_samples"] = length
            demo.attrs["success"] = index == 0
            state = state_of(index, length)
            demo.create_dataset("actions", data=state + 0.5, compression="gzip", shuffle=True)
            demo.create_dataset("rewards", data=np.zeros(length))
            demo.create_dataset("dones", data=np.zeros(length))
            demo.create_dataset("obs/joints", data=state)
            demo.create_dataset("obs/tip", data=state.astype("f8")[:, :2])
            pictures = np.stack([frame_with_number(at, SIZE, None) for at in range(length)])
            demo.create_dataset("obs/front_image", data=pictures, chunks=(1, *pictures.shape[1:]))
        file.create_dataset("mask/train", data=np.array([b"demo_0"]))
    return path
