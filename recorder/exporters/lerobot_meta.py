"""Files of a LeRobot dataset that describe all its episodes, written when all are there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recorder.exporters.formats import ExportSet, ExportTarget
from recorder.exporters.plan import ExportPlan
from recorder.exporters.stats import merge_stats, stats_as_json

VERSION = "v3.0"
FILES_PER_CHUNK = 1000
EPISODES_PER_FILE = 100
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
STAT_NAMES = ("min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99")


def place(file: int) -> dict[str, int]:
    """Return chunk and file index of the ``file``-th file."""
    return {"chunk_index": file // FILES_PER_CHUNK, "file_index": file % FILES_PER_CHUNK}


def data_file(index: int) -> str:
    """Return the path of an episode's rows."""
    return DATA_PATH.format(**place(index))


def video_file(key: str, index: int) -> str:
    """Return the path of an episode's video."""
    return VIDEO_PATH.format(video_key=key, **place(index))


def write_meta(
    target: ExportTarget,
    chosen: ExportSet,
    plan: ExportPlan,
    results: Sequence[Mapping[str, Any]],
) -> None:
    """Write tasks, episodes, statistics and, last, ``info.json``.

    Parameters
    ----------
    target : ExportTarget
        Where.
    chosen : ExportSet
        What the export contains.
    plan : ExportPlan
        Its choices.
    results : sequence of mapping
        What was noted of each episode when it was written.
    """
    tasks = pd.DataFrame(
        {"task_index": range(len(chosen.texts))}, index=pd.Index(chosen.texts, name="task")
    )
    with target.file("meta/tasks.parquet") as path:
        tasks.to_parquet(path)
    for start in range(0, len(results), EPISODES_PER_FILE):
        file = start // EPISODES_PER_FILE
        some = results[start : start + EPISODES_PER_FILE]
        rows = [_episode_row(start + at, file, plan, one) for at, one in enumerate(some)]
        with target.file(EPISODES_PATH.format(**place(file))) as path:
            pq.write_table(_episode_table(rows), path, compression="snappy")
        target.tick(0)
    features = results[0]["features"]
    stats = {
        name: stats_as_json(merge_stats([result["stats"][name] for result in results]))
        for name in features
    }
    _write_json(target, "meta/stats.json", stats)
    _write_json(target, "meta/info.json", _info(chosen, plan, features))


def _info(chosen: ExportSet, plan: ExportPlan, features: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "codebase_version": VERSION,
        "robot_type": chosen.rig_name,
        "total_episodes": len(chosen.episodes),
        "total_frames": chosen.rows,
        "total_tasks": len(chosen.texts),
        "chunks_size": FILES_PER_CHUNK,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": plan.rate_hz,
        "splits": {"train": f"0:{len(chosen.episodes)}"},
        "data_path": DATA_PATH,
        "video_path": VIDEO_PATH if plan.video_images and chosen.cameras else None,
        "features": features,
    }


def _episode_row(
    index: int, file: int, plan: ExportPlan, result: Mapping[str, Any]
) -> dict[str, Any]:
    first, length = result["first_row"], result["length"]
    row: dict[str, Any] = {
        "episode_index": index,
        "tasks": [result["text"]],
        "length": length,
        **{f"data/{name}": value for name, value in place(index).items()},
        "dataset_from_index": first,
        "dataset_to_index": first + length,
        **{f"meta/episodes/{name}": value for name, value in place(file).items()},
    }
    for key in result["videos"]:
        row |= {f"videos/{key}/{name}": value for name, value in place(index).items()}
        row[f"videos/{key}/from_timestamp"] = 0.0
        row[f"videos/{key}/to_timestamp"] = length / plan.rate_hz
    row |= {
        name: json.dumps(value, sort_keys=True) if name == "segments" else value
        for name, value in result["extra"].items()
    }
    for feature, stats in result["stats"].items():
        row |= {f"stats/{feature}/{name}": stats[name] for name in STAT_NAMES}
    return row


def _episode_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    optional = {"success": pa.bool_(), "quality": pa.int64(), "failure_mode": pa.string()}
    return pa.table(
        {name: pa.array([row[name] for row in rows], optional.get(name)) for name in rows[0]}
    )


def _write_json(target: ExportTarget, relative: str, value: Any) -> None:
    with target.file(relative) as path:
        path.write_text(json.dumps(value, indent=2) + "\n")
