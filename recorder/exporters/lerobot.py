"""LeRobot v3.0: one set of files per episode, so that an interrupted export loses one at most.

::

    meta/info.json  meta/stats.json  meta/tasks.parquet
    meta/episodes/chunk-000/file-000.parquet        100 episodes each
    data/chunk-000/file-000.parquet                 one episode, one row group
    videos/observation.images.<camera>/chunk-000/file-000.mp4

Many small files are a legal packing: readers look up chunk, file and first second of an episode in
``meta/episodes``. ``docs/export.md`` says where everything goes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recorder.exporters.account import segments
from recorder.exporters.episode_rows import EpisodeRows
from recorder.exporters.formats import ExportSet, ExportTarget
from recorder.exporters.lerobot_features import (
    arrow_table,
    features_of,
    numeric_columns,
    picture_key,
)
from recorder.exporters.lerobot_meta import data_file, video_file, write_meta
from recorder.exporters.outcomes import is_success
from recorder.exporters.plan import ExportPlan
from recorder.exporters.rows import CameraColumn
from recorder.exporters.stats import PictureStats, column_stats, stats_as_json
from recorder.exporters.video import VideoWriter

PNG_LEVEL = 3
VIDEO_BYTES_PER_PIXEL = 0.08  # measured on simulated scenes at the settings of the video writer
PNG_BYTES_PER_PIXEL = 1.5


class LeRobotWriter:
    """Writes a LeRobot v3.0 dataset."""

    passes_at_the_end = 0.0

    def begin(self, episodes: ExportSet, plan: ExportPlan, target: ExportTarget) -> None:
        """Learn what will come."""
        self._set, self._plan, self._target = episodes, plan, target

    def write(self, index: int, episode: EpisodeRows) -> dict[str, Any]:
        """Write data and videos of one episode."""
        facts = self._set.episodes[index]
        columns = numeric_columns(episode, facts, self._set.texts.index(facts.text))
        features = features_of(episode, columns, self._plan.video_images)
        stats = {name: column_stats(data) for name, data in columns.items()}
        pictures: dict[str, list[bytes]] = {}
        for camera in episode.cameras:
            key = picture_key(camera)
            gathered = PictureStats(episode.length)
            if self._plan.video_images:
                self._write_video(index, episode, camera, gathered)
            else:
                pictures[key] = list(self._as_png(episode, camera, gathered))
            stats[key] = gathered.result()
        table = arrow_table(columns, pictures, features)
        with self._target.file(data_file(index)) as path:
            pq.write_table(table, path, compression="snappy", row_group_size=max(1, table.num_rows))
        return {
            "features": features,
            "stats": {name: stats_as_json(value) for name, value in stats.items()},
            "length": episode.length,
            "text": facts.text,
            "first_row": facts.first_row,
            "videos": [picture_key(camera) for camera in episode.cameras]
            if self._plan.video_images
            else [],
            "extra": {
                "success": is_success(episode.outcome),
                "outcome": episode.outcome,
                "failure_mode": episode.labels.failure_mode,
                "quality": episode.quality,
                "operator": episode.operator_code,
                "operator_source": episode.operator_source,
                "task": episode.task,
                "uuid": episode.uuid,
                "segments": segments(episode),
            },
        }

    def finish(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Write what describes all episodes."""
        write_meta(self._target, self._set, self._plan, results)

    @classmethod
    def bytes_per_row(cls, episodes: ExportSet, plan: ExportPlan) -> float:
        """Estimate of the bytes one row of pictures takes."""
        per_pixel = VIDEO_BYTES_PER_PIXEL if plan.video_images else PNG_BYTES_PER_PIXEL
        return per_pixel * sum(width * height for width, height in episodes.cameras.values())

    def _write_video(
        self, index: int, episode: EpisodeRows, camera: CameraColumn, gathered: PictureStats
    ) -> None:
        with contextlib.ExitStack() as stack:
            path = stack.enter_context(self._target.file(video_file(picture_key(camera), index)))
            video = stack.enter_context(VideoWriter(path, episode.rate_hz, camera.size))
            for picture in self._shown(episode, camera, gathered):
                video.add(picture)

    def _as_png(
        self, episode: EpisodeRows, camera: CameraColumn, gathered: PictureStats
    ) -> Iterator[bytes]:
        before, encoded = -1, b""
        for index, picture in zip(
            camera.index, self._shown(episode, camera, gathered), strict=True
        ):
            if index != before:
                bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
                _, buffer = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])
                before, encoded = index, buffer.tobytes()
            yield encoded

    def _shown(
        self, episode: EpisodeRows, camera: CameraColumn, gathered: PictureStats
    ) -> Iterator[NDArray[np.uint8]]:
        for picture in episode.frames(camera):
            gathered.add(picture)
            self._target.tick(1)
            yield picture
