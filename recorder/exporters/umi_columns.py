"""The numbers of an episode under the names that UMI and diffusion_policy use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.exporters.episode_rows import EpisodeRows
from recorder.exporters.hand_pose import HandColumns, hand_columns, opening_m, palm_poses
from recorder.exporters.rows import Column

POSE = ("x", "y", "z", "rotation_x", "rotation_y", "rotation_z")
JOINTS = {
    "observation.state": "joint_pos",
    "observation.velocity": "joint_vel",
    "observation.effort": "joint_effort",
}
TOUCH = ("force", "taxels", "pressure")


@dataclass(frozen=True)
class Keyed:
    """One array of the archive.

    Attributes
    ----------
    data : (N, ...) array
    names : tuple of str
        Names of the entries of a row, flattened.
    unit : str
    """

    data: NDArray
    names: tuple[str, ...] = ()
    unit: str = ""

    def about(self) -> dict[str, Any]:
        """Return dtype, shape of one row, names and unit as JSON."""
        return {
            "dtype": self.data.dtype.str,
            "shape": list(self.data.shape[1:]),
            "names": list(self.names),
            "unit": self.unit,
        }


def umi_columns(episode: EpisodeRows) -> dict[str, Keyed]:
    """Return all arrays of an episode but its pictures, in a fixed order."""
    hands = list(episode.episode.rig["hands"])
    model_file = (episode.episode.rig.get("world") or {}).get("model_file")
    found: dict[str, Keyed] = {}
    for place, hand in enumerate(hands):
        found |= _hand(episode, f"robot{place}", hand, model_file)
    found["action"] = _action(episode.action, hands)
    for name, column in episode.columns.items():
        if name == "sent":
            found["joints_sent"] = _floats(column.data, column.names, column.unit)
        elif not name.startswith("observation."):
            dtype = np.uint8 if column.data.dtype.kind == "b" else np.int64
            found[name.replace(".", "_")] = Keyed(column.data.astype(dtype), column.names)
    for clock in episode.clocks:
        found[f"valid_{clock.key}"] = Keyed(clock.valid[:, None].astype(np.uint8))
        found[f"time_ns_{clock.key}"] = Keyed(clock.stamp_ns[:, None], unit="ns")
    found["valid_action"] = Keyed(episode.action.valid[:, None].astype(np.uint8))
    return found


def _hand(
    episode: EpisodeRows, robot: str, hand: Mapping[str, Any], model_file: str | None
) -> dict[str, Keyed]:
    found: dict[str, Keyed] = {}
    side = str(hand["side"])
    state = episode.columns["observation.state"]
    own = hand_columns(side, state.names)
    if own.wrist:
        poses = palm_poses(state.data[:, own.wrist], hand)
        found[f"{robot}_eef_pos"] = _floats(poses[:, :3], POSE[:3], "m")
        found[f"{robot}_eef_rot_axis_angle"] = _floats(poses[:, 3:], POSE[3:], "rad")
        for name, row in (("start", 0), ("end", -1)):
            same = np.broadcast_to(poses[row], poses.shape)
            found[f"{robot}_demo_{name}_pose"] = _floats(same, POSE, "m|rad")
    width = opening_m(state.data[:, own.wrist + own.fingers], hand, model_file)
    if width is not None:
        found[f"{robot}_gripper_width"] = _floats(width[:, None], ("opening",), "m")
    for name, short in JOINTS.items():
        if name in episode.columns:
            column = episode.columns[name]
            names = tuple(column.names[place] for place in own.fingers)
            unit = column.unit.partition("|")[0]
            found[f"{robot}_{short}"] = _floats(column.data[:, own.fingers], names, unit)
    for short in TOUCH:
        column = episode.columns.get(f"observation.{short}.{side}")
        if column is not None:
            data = column.data.reshape(-1, *column.shape)
            found[f"{robot}_{short}"] = _floats(data, column.names, column.unit)
    return found


def _action(action: Column, hands: list[Mapping[str, Any]]) -> Keyed:
    """Put the wrist of each robot as a pose before its joints, and forces last."""
    parts, names, used = [], [], set()
    for place, hand in enumerate(hands):
        own: HandColumns = hand_columns(str(hand["side"]), action.names)
        if own.wrist:
            parts.append(palm_poses(action.data[:, own.wrist], hand))
            names += [f"robot{place}_{name}" for name in POSE]
        parts.append(action.data[:, own.fingers])
        names += [action.names[at] for at in own.fingers]
        used |= {*own.wrist, *own.fingers}
    rest = [at for at in range(len(action.names)) if at not in used]
    parts.append(action.data[:, rest])
    names += [action.names[at] for at in rest]
    return _floats(np.hstack(parts), tuple(names), action.unit)


def _floats(data: NDArray, names: tuple[str, ...], unit: str) -> Keyed:
    return Keyed(np.ascontiguousarray(data, np.float32), tuple(names), unit)
