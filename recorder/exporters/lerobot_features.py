"""Columns of an episode as LeRobot features, and as the Arrow table its loader expects.

A feature of shape ``[1]`` is a plain column, a vector a list of fixed length. Taxels stay flat:
``shape_of_one`` in the feature says how to fold them. The schema carries the features once more in
the form the ``datasets`` library reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recorder.exporters.episode_rows import EpisodeRows
from recorder.exporters.formats import EpisodeFacts
from recorder.exporters.rows import CameraColumn
from recorder.exporters.video import even, video_info

PICTURES = "observation.images."
DTYPES = {"f": "float32", "i": "int64", "u": "int64", "b": "bool"}
ARROW = {"float32": pa.float32(), "int64": pa.int64(), "bool": pa.bool_()}
PICTURE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def picture_key(camera: CameraColumn) -> str:
    """Return the feature of a camera."""
    return f"{PICTURES}{camera.key}"


def numeric_columns(episode: EpisodeRows, facts: EpisodeFacts, task: int) -> dict[str, NDArray]:
    """Return all columns but the pictures, ``(N, D)`` in the dtype they are stored in."""
    rows = np.arange(episode.length, dtype=np.int64)[:, None]
    found = {"action": episode.action.data}
    found |= {name: column.data for name, column in episode.columns.items()}
    for clock in episode.clocks:
        found[f"observation.time_ns.{clock.key}"] = clock.stamp_ns[:, None]
        found[f"observation.valid.{clock.key}"] = clock.valid[:, None]
    found["valid.action"] = episode.action.valid[:, None]
    found |= {
        "timestamp": (rows / episode.rate_hz).astype(np.float32),
        "frame_index": rows,
        "episode_index": np.full_like(rows, facts.index),
        "index": rows + facts.first_row,
        "task_index": np.full_like(rows, task),
    }
    return {name: data.astype(DTYPES[data.dtype.kind]) for name, data in found.items()}


def features_of(
    episode: EpisodeRows, columns: Mapping[str, NDArray], as_video: bool
) -> dict[str, dict[str, Any]]:
    """Return the features of ``info.json`` in the order of the columns, pictures last."""
    described = {**episode.columns, "action": episode.action}
    features: dict[str, dict[str, Any]] = {}
    for name, data in columns.items():
        column = described.get(name)
        feature: dict[str, Any] = {
            "dtype": str(data.dtype),
            "shape": [data.shape[1]],
            "names": None if column is None else list(column.names),
        }
        if column is not None:
            feature["unit"] = column.unit
            if len(column.shape) > 1:
                feature["shape_of_one"] = list(column.shape)
        features[name] = feature
    for camera in episode.cameras:
        width, height = even(camera.size) if as_video else camera.size
        features[picture_key(camera)] = {
            "dtype": "video" if as_video else "image",
            "shape": [height, width, 3],
            "names": ["height", "width", "channels"],
        }
        if as_video:
            features[picture_key(camera)]["info"] = video_info(episode.rate_hz, camera.size)
    return features


def arrow_table(
    columns: Mapping[str, NDArray],
    pictures: Mapping[str, Sequence[bytes]],
    features: Mapping[str, Mapping[str, Any]],
) -> pa.Table:
    """Return the table of one episode with everything but videos."""
    arrays: dict[str, pa.Array] = {}
    for name, data in columns.items():
        flat = pa.array(np.ascontiguousarray(data).reshape(-1), ARROW[str(data.dtype)])
        width = data.shape[1]
        arrays[name] = flat if width == 1 else pa.FixedSizeListArray.from_arrays(flat, width)
    for name, encoded in pictures.items():
        values = [{"bytes": one, "path": None} for one in encoded]
        arrays[name] = pa.array(values, PICTURE_TYPE)
    known = {name: _as_datasets(features[name]) for name in arrays}
    metadata = {"huggingface": json.dumps({"info": {"features": known}})}
    return pa.table(arrays).replace_schema_metadata(metadata)


def _as_datasets(feature: Mapping[str, Any]) -> dict[str, Any]:
    if feature["dtype"] == "image":
        return {"_type": "Image"}
    value = {"dtype": feature["dtype"], "_type": "Value"}
    width = feature["shape"][0]
    return value if width == 1 else {"feature": value, "length": width, "_type": "Sequence"}
