"""A robomimic HDF5 file as foreign episodes: ``data/demo_<k>`` with ``actions`` and ``obs``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.importers.account import Account, read_account
from recorder.importers.columns import camera_name, numeric_stream
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
from recorder.importers.limits import Refused

DEMO = re.compile(r"^/data/(demo_(\d{1,9}))$")
DEFAULT_HZ = 20.0  # control_freq of robosuite, which robomimic's own datasets come from
MAX_HZ = 1000.0
STATES = ("state", "joints", "joint_positions", "qpos", "robot0_joint_pos")
OWN_SIDED = re.compile(r"^(force|taxels|pressure)_(right|left)$")
CLOCK = "time_ns"


class RobomimicDataset:
    """A robomimic file; a ``ForeignDataset``.

    Parameters
    ----------
    path : Path
        The HDF5 file.
    guard : Guard
        Audits and reads it.

    Raises
    ------
    Refused
        When the audit refuses it or it is no robomimic file.
    """

    format = "robomimic"

    def __init__(self, path: Path, guard: Guard) -> None:
        self.path, self._guard = path, guard
        self._nodes: dict[str, dict[str, Any]] = {}
        for reply in guard.ask("hdf5.tree", path):
            self._nodes |= {node["path"]: node for node in reply.facts["nodes"]}
        if "/data" not in self._nodes or "shape" in self._nodes["/data"]:
            raise Refused(f"'{path.name}' has no group '/data'; it is no robomimic file")
        self.account: Account = read_account(guard, path.parent)
        about = self._env_args()
        self.robot = clean_text(self.account.rig or about.get("env_name"), 60) or "unknown"
        self.rate_hz, self._rate_known = self._rate(about)
        self._demos = self._find_demos()
        self.lengths: Sequence[int] = [self._length(demo) for demo in self._demos]

    def hashed_files(self) -> Sequence[Path]:
        """The file itself."""
        return [self.path]

    def _env_args(self) -> dict[str, Any]:
        text = self._nodes["/data"]["attributes"].get("env_args")
        try:
            value = json.loads(text) if isinstance(text, str) else {}
        except (ValueError, RecursionError):
            raise Refused(f"'{self.path.name}': env_args is no JSON") from None
        return value if isinstance(value, dict) else {}

    def _rate(self, about: dict[str, Any]) -> tuple[float, bool]:
        inner = about.get("env_kwargs")
        plan = {} if not isinstance(inner, dict) else inner
        for value in (plan.get("rate_hz"), plan.get("control_freq"), about.get("rate_hz")):
            if isinstance(value, int | float) and not isinstance(value, bool):
                if not 0 < value <= MAX_HZ:
                    raise Refused(f"rate in env_args is {value} Hz, outside 0 to {MAX_HZ:g} Hz")
                return float(value), True
        return DEFAULT_HZ, False

    def _find_demos(self) -> list[str]:
        found = [(int(m[2]), m[1]) for path in self._nodes if (m := DEMO.match(path))]
        if not found:
            raise Refused(
                f"'{self.path.name}' has no '/data/demo_<number>'; it is no robomimic file"
            )
        if len(found) > self._guard.limits.episodes:
            raise Refused(
                f"'{self.path.name}' has {len(found)} demos (limit {self._guard.limits.episodes})"
            )
        return [name for _, name in sorted(found)]

    def _length(self, demo: str) -> int:
        shape = self._nodes.get(f"/data/{demo}/actions", {}).get("shape")
        if not shape or len(shape) != 2 or 0 in shape:
            raise Refused(
                f"'{self.path.name}': '{demo}/actions' has shape {shape}, (N, A) expected"
            )
        said = self._nodes[f"/data/{demo}"]["attributes"].get("num_samples")
        if said is not None and said != shape[0]:
            raise Refused(
                f"'{self.path.name}': '{demo}' announces {said} samples, its actions have "
                f"{shape[0]}"
            )
        return int(shape[0])

    def episode(self, at: int) -> ForeignEpisode:
        """Read the numbers of one demo; pictures follow when it is written."""
        demo, length = self._demos[at], self.lengths[at]
        prefix = f"/data/{demo}/obs/"
        clocks = self._clocks(demo, length)
        stamps, clock = self._stamps(at, length, clocks)
        streams: list[ForeignStream] = []
        left_out: list[str] = []
        used: set[str] = set()
        keys = {path: path.removeprefix(prefix) for path in self._nodes if path.startswith(prefix)}
        keys |= self._further(demo)
        state = next((key for key in STATES if key in keys.values()), "")
        for path, key in keys.items():
            shape = self._nodes[path].get("shape")
            if shape is None or "/" in key or shape[0] != length:
                left_out.append(key)
            elif len(shape) == 4 and self._nodes[path]["dtype"] == "|u1" and shape[3] == 3:
                streams.append(self._camera(path, key, at, used, stamps, clocks))
            elif np.dtype(self._nodes[path]["dtype"]).kind in "biuf" and not _is_mark(key):
                data = np.concatenate(
                    [r.arrays[0] for r in self._guard.ask("hdf5.rows", self.path, name=path)]
                )
                name = "observation.state" if key == state else _key(key)
                streams.append(
                    numeric_stream(
                        name,
                        data,
                        self._names(path),
                        self.rate_hz,
                        stamps,
                        self.account,
                        at,
                        tuple(shape[1:]) if len(shape) > 2 else (),
                    )  # fmt: skip
                )
                if streams[-1].spec.name in used:
                    left_out.append(key)
                    streams.pop()
                else:
                    used.add(streams[-1].spec.name)
        return self._episode(at, demo, tuple(streams), clock, left_out)

    def _further(self, demo: str) -> dict[str, str]:
        """Actions, and the joints sent to the hand where this program's export has them."""
        raw, sent = f"/data/{demo}/actions_raw", f"/thenar/{demo}/columns/sent"
        own = self.account.action and raw in self._nodes  # in rad; ``actions`` are scaled
        found = {raw if own else f"/data/{demo}/actions": "actions"}
        return found | ({sent: "sent"} if sent in self._nodes else {})

    def _names(self, path: str) -> tuple[str, ...]:
        names = self._nodes[path]["attributes"].get("names")
        return tuple(clean_text(n, 120) for n in names) if isinstance(names, list) else ()

    def _clocks(self, demo: str, length: int) -> dict[str, NDArray[np.int64]]:
        """Recorded stamps of this program's own exports, by the key of their stream."""
        found = {}
        for path, node in self._nodes.items():
            head, _, key = path.rpartition("/")
            if head not in (f"/thenar/{demo}/{CLOCK}", f"/data/{demo}/{CLOCK}"):
                continue
            if node.get("shape") in ([length], [length, 1]) and node["dtype"] == "<i8":
                replies = self._guard.ask("hdf5.rows", self.path, name=path)
                found[key] = np.concatenate([r.arrays[0].reshape(-1) for r in replies])
        return found

    def _stamps(
        self, at: int, length: int, clocks: dict[str, NDArray[np.int64]]
    ) -> tuple[NDArray[np.int64], str]:
        start_ns = self.account.start_ns(at)
        firsts = [int(clock[0]) for clock in clocks.values() if clock[0] >= 0]
        if start_ns is None and firsts:
            start_ns = min(firsts)
        rows = made_up_stamps(length, self.rate_hz)
        if start_ns is not None:
            return rows - MADE_UP_START_NS + start_ns, RECORDED_CLOCK
        rate = "" if self._rate_known else f"; the rate {self.rate_hz:g} Hz is assumed"
        return rows, MADE_UP_CLOCK + rate

    def _camera(
        self,
        path: str,
        key: str,
        at: int,
        used: set[str],
        rows_ns: NDArray[np.int64],
        clocks: dict[str, NDArray[np.int64]],
    ) -> ForeignStream:
        _, height, width, _ = self._nodes[path]["shape"]
        if height * width > self._guard.limits.picture_pixels:
            raise Refused(f"'{key}' has pictures of {width} x {height} pixels")
        name = camera_name(key, self.account, at, used)
        stamp_ns = clocks.get(key, rows_ns)
        need_rising(stamp_ns, key)
        spec = image_spec(name, (width, height), self.rate_hz, lossless=True)
        return ForeignStream(spec, stamp_ns, self._pictures(path))

    def _pictures(self, path: str) -> Callable[[], Iterator[NDArray[Any]]]:
        def samples() -> Iterator[NDArray[Any]]:
            for reply in self._guard.ask("hdf5.rows", self.path, name=path):
                yield from reply.arrays[0]

        return samples

    def _episode(
        self, at: int, demo: str, streams: tuple[ForeignStream, ...], clock: str, left: list[str]
    ) -> ForeignEpisode:
        attributes = self._nodes[f"/data/{demo}"]["attributes"]
        own = {k: v for k, v in self.account.about(at).items() if v is not None}
        about = {**attributes, **own}
        outcome = about.get("outcome", about.get("success"))
        text = clean_text(about.get("instruction") or about.get("lang") or about.get("language"))
        quality = about.get("quality")
        return ForeignEpisode(
            index=at,
            streams=streams,
            task=clean_text(about.get("task"), 80) or slug(self.robot, "-"),
            instruction=text,
            operator_code=clean_text(about.get("operator"), 40),
            outcome=outcome_of(outcome),
            notes={
                "clock": clock,
                "demo": demo,
                "quality": quality if quality in (1, 2, 3, 4, 5) else None,
                "left_out": left,
                "outcome_there": clean_text(str(outcome)) if outcome is not None else None,
            },
        )


def _key(key: str) -> str:
    """The LeRobot name of an observation, so that both formats share one table of streams."""
    own = OWN_SIDED.match(key)
    if own:
        return f"observation.{own[1]}.{own[2]}"
    return (
        key
        if key in ("actions", "sent") or key.startswith("observation.")
        else f"observation.{key}"
    )


def _is_mark(key: str) -> bool:
    return key.startswith(("valid", "time_ns", "label"))
