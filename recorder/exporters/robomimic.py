"""robomimic HDF5: ``dataset.hdf5`` with one group per episode, as ``SequenceDataset`` reads it.

::

    data                      attributes total, env_args (JSON), action_min, _max and _names
    └── demo_<n>              attributes num_samples and what is known of the episode
        ├── actions           (N, A) float32, scaled to [-1, 1] by action_min and action_max
        ├── actions_raw       (N, A) float32, in rad, m and N
        ├── rewards, dones    (N,)   1 in the last row of a success; 1 in the last row
        ├── states            (N, 1) zeros: there is no simulator to restore
        ├── obs               state, velocity, force_<side>, ..., <camera> (N, H, W, 3) uint8
        └── next_obs          the same one row later; the last row repeats itself
    mask/<filter>             names of episodes: train, valid, success, failure, each outcome
    thenar/demo_<n>           time_ns, valid and labels per row

robomimic's policies end in a tanh and its ``get_dataset_info.py`` refuses actions outside [-1, 1],
so ``actions`` are scaled by the smallest and largest value of each entry in the export; an entry
that never moves is 0. ``raw = action_min + (action + 1) / 2 * (action_max - action_min)``.

Every episode is first a file of its own, so that an interrupted export loses one; at the end they
are put into one file without decoding a picture again. A picture is a chunk. Default HDF5 version:
a file written with ``libver="latest"`` cannot be opened after a crash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from recorder.exporters.account import segments
from recorder.exporters.episode_rows import EpisodeRows
from recorder.exporters.formats import ExportSet, ExportTarget
from recorder.exporters.outcomes import is_success
from recorder.exporters.plan import ExportPlan
from recorder.exporters.rows import CameraColumn

FILE = "dataset.hdf5"
GYM_TYPE = 2  # robomimic's EnvType; there is none for recordings
VALID_SHARE = 0.1
SPLIT_SEED = 0
BYTES_PER_PIXEL = (
    3  # plain: gzip saved 8 % of textured 640 x 480 pictures and took nine times as long
)
OBSERVATION = "observation."


class RobomimicWriter:
    """Writes a robomimic HDF5 dataset."""

    passes_at_the_end = 1.0

    def begin(self, episodes: ExportSet, plan: ExportPlan, target: ExportTarget) -> None:
        """Learn what will come."""
        self._set, self._plan, self._target = episodes, plan, target

    def write(self, index: int, episode: EpisodeRows) -> dict[str, Any]:
        """Write one episode to a file of its own."""
        name = _part_name(index)
        raw = episode.action.data.astype(np.float32)
        with self._target.part(name) as path, h5py.File(path, "w") as file:
            demo, obs = file.create_group("demo"), file.create_group("demo/obs")
            success = is_success(episode.outcome)
            last = np.zeros(episode.length)
            last[-1] = 1.0
            _put(demo, "actions_raw", raw)
            _put(demo, "rewards", last * (success is True))
            _put(demo, "dones", last.astype(np.int64))
            _put(demo, "states", np.zeros((episode.length, 1)))
            for key, column in episode.columns.items():
                if key.startswith(OBSERVATION):
                    short = key.removeprefix(OBSERVATION).replace(".", "_")
                    _put(obs, short, column.data.astype(np.float32))
            for camera in episode.cameras:
                self._put_pictures(obs, camera, episode)
            _put_extra(file.create_group("thenar"), episode)
            demo.attrs["num_samples"] = np.int64(episode.length)
            for key, value in _facts(episode).items():
                demo.attrs[key] = value
        return {
            "part": name,
            "length": episode.length,
            "low": raw.min(axis=0).tolist(),
            "high": raw.max(axis=0).tolist(),
            "action_names": list(episode.action.names),
            "outcome": episode.outcome,
            "uuid": episode.uuid,
        }

    def finish(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Put the episodes into one file, scale the actions, name the filters."""
        low = np.min([one["low"] for one in results], axis=0).astype(np.float32)
        high = np.max([one["high"] for one in results], axis=0).astype(np.float32)
        with self._target.file(FILE) as path, h5py.File(path, "w") as file:
            data = file.create_group("data")
            data.attrs["total"] = np.int64(sum(one["length"] for one in results))
            data.attrs["env_args"] = self._env_args()
            data.attrs["action_min"], data.attrs["action_max"] = low, high
            data.attrs["action_names"] = results[0]["action_names"]
            for index, one in enumerate(results):
                with h5py.File(self._target.parts / one["part"], "r") as part:
                    self._append(file, f"demo_{index}", part, low, high)
            for name, chosen in filters(results).items():
                names = np.array([f"demo_{at}" for at in chosen], dtype="S")
                file.create_dataset(f"mask/{name}", data=names, track_times=False)

    @classmethod
    def bytes_per_row(cls, episodes: ExportSet, plan: ExportPlan) -> float:
        """Estimate of the bytes one row of pictures takes, now and one row later."""
        return 2 * BYTES_PER_PIXEL * sum(w * h for w, h in episodes.cameras.values())

    def _env_args(self) -> str:
        task = self._set.episodes[0].task or "recorded"
        facts = {"rig": self._set.rig_name, "rate_hz": self._plan.rate_hz}
        return json.dumps({"env_name": task, "type": GYM_TYPE, "env_kwargs": facts})

    def _put_pictures(self, obs: h5py.Group, camera: CameraColumn, episode: EpisodeRows) -> None:
        width, height = camera.size
        pictures = _new_pictures(obs, camera.key, (episode.length, height, width, 3))
        for row, picture in enumerate(episode.frames(camera)):
            pictures[row] = picture
            self._target.tick(1)

    def _append(
        self,
        file: h5py.File,
        name: str,
        part: h5py.File,
        low: NDArray[np.float32],
        high: NDArray[np.float32],
    ) -> None:
        source, demo = part["demo"], file.create_group(f"data/{name}")
        assert isinstance(source, h5py.Group)
        for key, value in source.attrs.items():
            demo.attrs[key] = value
        for key in source:
            if key != "obs":
                part.copy(source[key], demo, key)
        _put(demo, "actions", scaled(np.asarray(source["actions_raw"]), low, high))
        observations = source["obs"]
        assert isinstance(observations, h5py.Group)
        for key, values in observations.items():
            now, later = demo.require_group("obs"), demo.require_group("next_obs")
            if values.chunks is None:
                rows = np.asarray(values)
                _put(now, key, rows)
                _put(later, key, np.concatenate([rows[1:], rows[-1:]]))
            else:
                self._append_pictures(values, _new_pictures(now, key, values.shape),
                                      _new_pictures(later, key, values.shape))  # fmt: skip
        part.copy(part["thenar"], file.require_group("thenar"), name)

    def _append_pictures(
        self, source: h5py.Dataset, now: h5py.Dataset, later: h5py.Dataset
    ) -> None:
        last = len(source) - 1
        for row in range(len(source)):
            _copy_chunk(source, row, now, row)
            _copy_chunk(source, min(row + 1, last), later, row)
            self._target.tick(1)


def scaled(
    raw: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return actions in [-1, 1]; entries that never move become 0."""
    span = high.astype(np.float64) - low
    share = np.divide(
        raw - low.astype(np.float64), span, out=np.full(raw.shape, 0.5), where=span > 0
    )
    return np.clip(2.0 * share - 1.0, -1.0, 1.0).astype(np.float32)


def filters(results: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Return the places of episodes by filter; filters that hold nothing are left out.

    ``valid`` are the tenth with the smallest hash of seed and identity (at least one of two), so an
    episode stays on its side when others are added.
    """
    places = range(len(results))
    found: dict[str, list[int]] = {"success": [], "failure": []}
    for at in places:
        outcome = results[at]["outcome"]
        success = is_success(outcome)
        names = {outcome} | ({"success"} if success else {"failure"} if success is False else set())
        for name in sorted(names):
            found.setdefault(name, []).append(at)

    def drawn(at: int) -> str:
        return hashlib.sha256(f"{SPLIT_SEED} {results[at]['uuid']}".encode()).hexdigest()

    count = max(1, round(VALID_SHARE * len(results))) if len(results) > 1 else 0
    found["valid"] = sorted(sorted(places, key=drawn)[:count])
    found["train"] = sorted(set(places) - set(found["valid"]))
    return {name: chosen for name, chosen in found.items() if chosen}


def _part_name(index: int) -> str:
    return f"demo_{index:06d}.hdf5"


def _put(group: h5py.Group, name: str, values: NDArray) -> None:
    group.create_dataset(name, data=values, track_times=False)


def _new_pictures(group: h5py.Group, name: str, shape: tuple[int, ...]) -> h5py.Dataset:
    return group.create_dataset(
        name,
        shape,
        np.uint8,
        chunks=(1, *shape[1:]),
        track_times=False,
    )


def _copy_chunk(source: h5py.Dataset, row: int, target: h5py.Dataset, at: int) -> None:
    """Copy one picture as it is stored."""
    mask, stored = source.id.read_direct_chunk((row, 0, 0, 0))
    target.id.write_direct_chunk((at, 0, 0, 0), stored, mask)


def _put_extra(group: h5py.Group, episode: EpisodeRows) -> None:
    for clock in episode.clocks:
        _put(group, f"time_ns/{clock.key}", clock.stamp_ns)
        _put(group, f"valid/{clock.key}", clock.valid)
    _put(group, "valid/action", episode.action.valid)
    for key, column in episode.columns.items():
        if not key.startswith(OBSERVATION):
            _put(group, f"columns/{key.replace('.', '_')}", column.data)


def _facts(episode: EpisodeRows) -> dict[str, Any]:
    judged = {} if episode.quality is None else {"quality": np.int64(episode.quality)}
    return judged | {
        "uuid": episode.uuid,
        "task": episode.task,
        "instruction": episode.instruction,
        "operator": episode.operator_code,
        "operator_source": episode.operator_source,
        "outcome": episode.outcome,
        "failure_mode": episode.labels.failure_mode or "",
        "segments": json.dumps(segments(episode), sort_keys=True),
    }
