"""Demonstrations of a simulated task as episodes, faster than real time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devices.rig import Rig
from devices.sim.scene_pictures import ScenePictures
from devices.sim.task_world import TaskWorld, resized
from devices.task_scene import with_task
from policies.demonstrator import demonstrate
from policies.task_plan import HandPoser
from policies.tasks import Task
from policies.world_recorder import WorldRecorder
from recorder.dataset import Dataset
from recorder.progress import ProgressMeter, Report, quiet


@dataclass(frozen=True)
class DemonstrationOrder:
    """What is to be demonstrated.

    Attributes
    ----------
    task : Task
        A simulated task with a demonstrator.
    rig : Rig
        The rig, without the task.
    count : int
        How many successful episodes.
    seed : int
        Seed of the first start state; the next episodes take the next numbers.
    picture_size : (width, height) or None
        Size of every camera's pictures; None leaves those of the rig.
    pictures : bool
        Whether cameras are recorded at all.
    operator : bool
        Whether the operator's hands are in the pictures; then every camera also records the
        picture without them and their mask, as truth.
    failures : bool
        Whether failed demonstrations are kept, labelled as failures, and counted.
    """

    task: Task
    rig: Rig
    count: int = 1
    seed: int = 0
    picture_size: tuple[int, int] | None = None
    pictures: bool = True
    operator: bool = False
    failures: bool = False

    def tasked_rig(self) -> Rig:
        """The rig with the task on its table.

        Raises
        ------
        ValueError
            When the task has no demonstrator or the rig no world.
        """
        if self.task.scene is None or not self.task.demonstrator:
            raise ValueError(
                f"task '{self.task.name}' has no scripted demonstrator; choose a simulated task, "
                "see 'thenar tasks list'"
            )
        return with_task(self.rig, self.task.scene)


@dataclass(frozen=True)
class DemonstrationResult:
    """What came of it: episode files, failed seeds with their reasons."""

    episodes: tuple[str, ...]
    failed: dict[int, str]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Figures by name."""
        return asdict(self)


def record_demonstrations(
    order: DemonstrationOrder, dataset: Dataset, report: Report = quiet
) -> DemonstrationResult:
    """Demonstrate until ``order.count`` episodes are published.

    Raises
    ------
    ValueError
        When the task has no demonstrator or the rig no world, or too many demonstrations fail.
    """
    rig = order.tasked_rig()
    if order.picture_size is not None or order.operator:
        camera = rig.cameras[0]
        size = order.picture_size or (camera.width, camera.height)
        rig = resized(rig, size, truth=order.operator)
    pictures = ScenePictures(rig) if order.pictures and rig.cameras else None
    meter = ProgressMeter(order.count, report)
    episodes: list[str] = []
    failed: dict[int, str] = {}
    simulated_s = 0.0
    seed = order.seed
    try:
        world = TaskWorld(rig)
        poser = HandPoser(world.hand)
        while len(episodes) < order.count:
            if len(failed) > order.count + 5:
                raise ValueError(
                    f"task '{order.task.name}': {len(failed)} of {len(failed) + len(episodes)} "
                    f"demonstrations failed, the last one: {failed[seed - 1]}"
                )
            path = _one(order, world, poser, dataset, pictures, seed)
            simulated_s += world.time_s
            if world.state.outcome != "success":
                failed[seed] = world.state.reason
            if path is not None:
                episodes.append(str(path))
                meter.advance(1, f"episode {len(episodes)} of {order.count}")
            seed += 1
    finally:
        if pictures is not None:
            pictures.close()
    return DemonstrationResult(tuple(episodes), failed, round(simulated_s, 3))


def _one(
    order: DemonstrationOrder,
    world: TaskWorld,
    poser: HandPoser,
    dataset: Dataset,
    pictures: ScenePictures | None,
    seed: int,
) -> Path | None:
    world.hook = None
    world.reset(seed)
    recorder = WorldRecorder(
        world, dataset, order.task, "kinesthetic", seed, pictures, order.operator,
        {"demonstrator": order.task.demonstrator},
    )  # fmt: skip
    world.hook = recorder
    try:
        demonstrate(order.task, world, seed, poser)
    except BaseException:
        recorder.abandon()
        raise
    finally:
        world.hook = None
    if world.end().outcome != "success" and not order.failures:
        recorder.abandon()
        return None
    return recorder.publish()
