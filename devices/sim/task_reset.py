"""Start states of a task: objects, moving parts and hands, drawn from the task's distribution."""

from __future__ import annotations

import mujoco
import numpy as np

from devices.sim.scene import SceneMap
from devices.task_scene import TaskScene

_HAND_AXES = ("x_m", "y_m", "z_m")


def scatter(
    model: mujoco.MjModel, data: mujoco.MjData, scene: SceneMap, task: TaskScene, seed: int
) -> None:
    """Move everything the task's reset names; ``data`` holds the exact start before.

    The same seed gives the same state. Yaw turns an object about its own place.
    """
    rng = np.random.default_rng(seed)
    for key, (low, high) in task.reset.items():
        owner, _, axis = key.partition(".")
        value = float(rng.uniform(low, high))
        if owner == "hand":
            for hand in scene.hands:
                data.qpos[hand.qpos[_HAND_AXES.index(axis)]] += value
            continue
        start = scene.object_qpos[owner]
        if axis == "yaw_rad":
            data.qpos[start + 3 : start + 7] = np.cos(value / 2), 0, 0, np.sin(value / 2)
        else:
            data.qpos[start + ("x_m", "y_m").index(axis)] += value
    if task.one_of is not None:
        chosen = task.one_of.joints[int(rng.integers(len(task.one_of.joints)))]
        data.qpos[model.joint(chosen).qposadr[0]] = task.one_of.value
