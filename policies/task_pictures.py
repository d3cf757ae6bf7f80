"""The picture of a task: start, contact with the operator's hands, and end, by every camera."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.rig import Rig
from devices.sim.scene_pictures import ScenePictures
from devices.sim.task_world import TaskWorld
from policies.demonstrator import PULL_S, TaskDemonstrator
from policies.tasks import Task

SIZE = (200, 150)
CONTACT_N = 0.6
AFTER_CONTACT_S = 0.35
CAMERAS = ("front", "wrist")


def draw_task(task: Task, rig: Rig, seed: int) -> NDArray[np.uint8]:
    """RGB picture: cameras one below the other; start, contact and end side by side."""
    with TaskWorld(task.rig(rig)) as world:
        pictures = ScenePictures(world.rig, SIZE)
        try:
            world.reset(seed)
            person = TaskDemonstrator(task, world, seed)
            columns = [_column(pictures.draw(world.world.data))]
            touched_s = None
            while world.time_s < person.seconds:
                felt_n = np.maximum(world.pad_force_n()[:, 2], 0.0)
                world.advance_pulled(person.pulls(world.time_s, felt_n, PULL_S), PULL_S)
                if touched_s is None and felt_n.max() > CONTACT_N:
                    touched_s = world.time_s
                if touched_s and len(columns) == 1 and world.time_s > touched_s + AFTER_CONTACT_S:
                    shown = pictures.draw_operator(world.world.data, world.pulled, world.time_s)
                    columns.append(_column({name: seen for name, (seen, *_) in shown.items()}))
            columns.append(_column(pictures.draw(world.world.data)))
        finally:
            pictures.close()
    return np.hstack(columns)


def save_task_pictures(tasks: tuple[Task, ...], rig: Rig, folder: Path, seed: int) -> list[Path]:
    """Write ``task-<name>.png`` of each task into ``folder``; returns the files.

    Raises
    ------
    OSError
        When a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for task in tasks:
        file = folder / f"task-{task.name}.png"
        picture = draw_task(task, rig, seed)
        options = [cv2.IMWRITE_PNG_COMPRESSION, 9]
        if not cv2.imwrite(str(file), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options):
            raise OSError(f"picture '{file}' cannot be written")
        files.append(file)
    return files


def _column(pictures: dict[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.vstack([pictures[name] for name in CAMERAS])
