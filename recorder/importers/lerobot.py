"""A LeRobot v3 dataset as foreign episodes.

``meta/info.json``, ``meta/tasks.parquet`` and ``meta/episodes`` are judged once; rows and pictures
are read when an episode is written, from the files its row names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.importers.account import Account, read_account
from recorder.importers.columns import (
    CLOCK_PREFIX,
    PICTURE_PREFIX,
    PREFIX,
    camera_name,
    numeric_stream,
)
from recorder.importers.foreign import (
    MADE_UP_CLOCK,
    MADE_UP_START_NS,
    RECORDED_CLOCK,
    ForeignEpisode,
    ForeignStream,
    clean_text,
    image_spec,
    made_up_stamps,
    need_rising,
    outcome_of,
    slug,
)
from recorder.importers.guard import Guard
from recorder.importers.lerobot_facts import (
    NUMBERS,
    EpisodeFacts,
    Feature,
    fill,
    inside,
    judge_episode,
    judge_info,
    whole,
)
from recorder.importers.limits import Limits, Refused

BOOKKEEPING = ("timestamp", "frame_index", "episode_index", "index", "task_index")
TIME_TOLERANCE_S = 0.02  # timestamps are float32: an hour is exact to 0.25 ms, a day to 8 ms


class LeRobotDataset:
    """A LeRobot v3 folder; a ``ForeignDataset``.

    Parameters
    ----------
    root : Path
        Folder that holds ``meta``.
    guard : Guard
        Reads every file.

    Raises
    ------
    Refused
        When its description cannot be.
    """

    format = "lerobot"

    def __init__(self, root: Path, guard: Guard) -> None:
        self.root, self._guard = root, guard
        limits: Limits = guard.limits
        info = guard.one("json.read", inside(root, "meta/info.json")).facts["value"]
        self.facts = judge_info(info, limits)
        self.robot = self.facts.robot
        self.account = read_account(guard, root)
        self._tasks = self._read_tasks()
        self.rows = self._read_episodes()
        self.lengths: Sequence[int] = [row.length for row in self.rows]
        if len(self.rows) != self.facts.episodes:
            raise Refused(
                f"'info.json' announces {self.facts.episodes} episodes, meta/episodes lists "
                f"{len(self.rows)}"
            )
        if sum(self.lengths) != self.facts.frames:
            raise Refused(
                f"'info.json' announces {self.facts.frames} frames, the episodes have "
                f"{sum(self.lengths)}"
            )

    def hashed_files(self) -> Sequence[Path]:
        """Every file that an episode is made from: description, rows and videos."""
        folders = (self.root / name for name in ("meta", "data", "videos"))
        return sorted(path for one in folders for path in one.rglob("*") if path.is_file())

    def _read_tasks(self) -> dict[int, str]:
        tasks: dict[int, str] = {}
        if not (self.root / "meta/tasks.parquet").is_file():
            return tasks
        for reply in self._guard.ask("parquet.records", inside(self.root, "meta/tasks.parquet")):
            for row in reply.facts["rows"]:
                text = row.get("task", row.get("__index_level_0__"))
                tasks[whole(row.get("task_index"), "task_index", 0, 10**6)] = clean_text(text)
        return tasks

    def _read_episodes(self) -> list[EpisodeFacts]:
        found: list[EpisodeFacts] = []
        files = sorted((self.root / "meta/episodes").rglob("*.parquet"))
        for file in files:
            path = inside(self.root, str(file.relative_to(self.root)))
            for reply in self._guard.ask("parquet.records", path, skip="stats/"):
                for row in reply.facts["rows"]:
                    found.append(judge_episode(row, len(found), self.facts))
                    if len(found) > self._guard.limits.episodes:
                        raise Refused(
                            f"meta/episodes lists more than {self._guard.limits.episodes} episodes"
                        )
        if not found:
            raise Refused("meta/episodes lists no episode")
        return found

    def episode(self, at: int) -> ForeignEpisode:
        """Read the rows of one episode; pictures follow when it is written."""
        facts = self.rows[at]
        table = self._table(facts)
        clocks = {
            key.removeprefix(CLOCK_PREFIX): table[key][:, 0].astype(np.int64)
            for key in table
            if key.startswith(CLOCK_PREFIX)
        }
        stamps, clock = self._stamps(facts, clocks)
        streams, left_out = [], []
        used: set[str] = set()
        for key, feature in self.facts.features.items():
            if feature.dtype in ("video", "image"):
                if feature.shape[2] != 3 or feature.facts.get("is_depth_map") is True:
                    left_out.append(key)
                    continue
                streams.append(self._camera(facts, feature, used, stamps, clocks))
        for key, data in table.items():
            if key in BOOKKEEPING or key.startswith(CLOCK_PREFIX) or _is_mark(key):
                continue
            feature = self.facts.features[key]
            made = numeric_stream(
                key, data, feature.names, self.facts.fps, stamps, self.account, at,
                _row_shape(feature),
            )  # fmt: skip
            if made.spec.name in used:
                left_out.append(key)
                continue
            used.add(made.spec.name)
            streams.append(made)
        if not streams:
            raise Refused(f"episode {at} has neither numbers nor pictures")
        return self._episode(facts, tuple(streams), table, clock, left_out)

    def _table(self, facts: EpisodeFacts) -> dict[str, NDArray[Any]]:
        keys = [key for key, feature in self.facts.features.items() if feature.dtype in NUMBERS]
        for key in ("episode_index", "frame_index"):
            if key not in keys:
                raise Refused(f"'info.json' names no feature '{key}'")
        path = inside(self.root, fill(self.facts.data_path, *facts.data_file))
        blocks: list[list[NDArray[Any]]] = []
        for reply in self._guard.ask("parquet.episode", path, index=facts.index, columns=keys):
            blocks.append([array.reshape(len(array), -1) for array in reply.arrays])
        count = sum(len(block[0]) for block in blocks)
        if count != facts.length:
            raise Refused(
                f"episode {facts.index} has {count} rows in '{path.name}', {facts.length} are "
                "announced"
            )
        table = {key: np.concatenate([b[n] for b in blocks]) for n, key in enumerate(keys)}
        for key, data in table.items():
            if data.shape[1] != self.facts.features[key].values:
                raise Refused(
                    f"column '{key}' holds {data.shape[1]} values a row, its feature "
                    f"{self.facts.features[key].values}"
                )
        if not np.array_equal(table["frame_index"][:, 0], np.arange(count)):
            raise Refused(f"frame_index of episode {facts.index} does not count 0, 1, 2, ...")
        if "timestamp" in table:
            due = np.arange(count) / self.facts.fps
            wrong = ~(np.abs(table["timestamp"][:, 0] - due) <= TIME_TOLERANCE_S)
            if wrong.any():
                first = int(np.argmax(wrong))
                raise Refused(
                    f"timestamp of episode {facts.index} is "
                    f"{float(table['timestamp'][first, 0]):g} s in row {first}, "
                    f"{due[first]:g} s by its rate"
                )
        return table

    def _stamps(
        self, facts: EpisodeFacts, clocks: dict[str, NDArray[np.int64]]
    ) -> tuple[NDArray[np.int64], str]:
        start_ns = self.account.start_ns(facts.index)
        firsts = [int(clock[0]) for clock in clocks.values() if clock[0] >= 0]
        if start_ns is None and firsts:
            start_ns = min(firsts)
        rows = made_up_stamps(facts.length, self.facts.fps)
        if start_ns is None:
            return rows, MADE_UP_CLOCK
        return rows - MADE_UP_START_NS + start_ns, RECORDED_CLOCK

    def _camera(
        self,
        facts: EpisodeFacts,
        feature: Feature,
        used: set[str],
        rows_ns: NDArray[np.int64],
        clocks: dict[str, NDArray[np.int64]],
    ) -> ForeignStream:
        name = camera_name(feature.key, self.account, facts.index, used)
        short = feature.key.removeprefix(PICTURE_PREFIX).removeprefix(PREFIX)
        stamp_ns = clocks.get(short, rows_ns)
        need_rising(stamp_ns, feature.key)
        height, width = feature.shape[:2]
        spec = image_spec(name, (width, height), self.facts.fps, feature.dtype == "image")
        return ForeignStream(spec, stamp_ns, self._pictures(facts, feature))

    def _pictures(
        self, facts: EpisodeFacts, feature: Feature
    ) -> Callable[[], Iterator[NDArray[Any]]]:
        def samples() -> Iterator[NDArray[Any]]:
            if feature.dtype == "image":
                path = inside(self.root, fill(self.facts.data_path, *facts.data_file))
                replies = self._guard.ask(
                    "parquet.pictures", path, index=facts.index, column=feature.key
                )
            else:
                chunk, file, start_s = facts.videos[feature.key]
                path = inside(self.root, fill(self.facts.video_path, chunk, file, feature.key))
                replies = self._guard.ask(
                    "video.frames", path, start_s=start_s, count=facts.length, fps=self.facts.fps
                )
            for reply in replies:
                yield reply.arrays[0]

        return samples

    def _episode(
        self,
        facts: EpisodeFacts,
        streams: tuple[ForeignStream, ...],
        table: dict[str, NDArray[Any]],
        clock: str,
        left_out: list[str],
    ) -> ForeignEpisode:
        about: dict[str, Any] = {**facts.row, **_known(self.account, facts.index)}
        listed = facts.row.get("tasks")
        text = clean_text(listed[0]) if isinstance(listed, list) and listed else ""
        if not text and "task_index" in table:
            text = self._tasks.get(int(table["task_index"][0, 0]), "")
        quality = about.get("quality")
        outcome = about.get("outcome", about.get("success"))
        return ForeignEpisode(
            index=facts.index,
            streams=streams,
            task=clean_text(about.get("task"), 80) or slug(text, "-"),
            instruction=clean_text(about.get("instruction")) or text,
            operator_code=clean_text(about.get("operator"), 40),
            outcome=outcome_of(outcome),
            notes={
                "clock": clock,
                "quality": quality if quality in (1, 2, 3, 4, 5) else None,
                "left_out": left_out,
                "outcome_there": clean_text(str(outcome)) if outcome is not None else None,
            },
        )


def _known(account: Account, index: int) -> dict[str, Any]:
    about = account.about(index)
    names = ("task", "instruction", "operator", "outcome", "quality")
    return {name: about[name] for name in names if about.get(name) is not None}


def _row_shape(feature: Feature) -> tuple[int, ...]:
    noted = feature.facts.get("shape_of_one")
    if isinstance(noted, list) and all(isinstance(n, int) and 0 < n < 1 << 16 for n in noted):
        return tuple(noted)
    return feature.shape if len(feature.shape) > 1 else ()


def _is_mark(key: str) -> bool:
    """Columns that say something about rows; labels of another review are not ours to keep."""
    return key.startswith(("observation.valid", "valid.", "label.", "next."))
