"""Records what happens in a ``TaskWorld`` as an episode like any other.

Streams, rates and units are those of a live take of the same rig, as far as a world in process has
them: joints, touch, pictures, objects, pulls, the judge, the control word. Stamps are simulated
time. Attach it as the world's ``hook``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.messages import Outcome, SourceName
from devices.requests import Source
from devices.sim.scene_pictures import ScenePictures
from devices.sim.task_world import TaskWorld
from policies.tasks import Task
from recorder.dataset import Dataset
from recorder.offline_take import OfflineTake

ACTIVE = 2  # the state ``supervisor/control`` stores while a hand is moved
OPERATOR_CODE = "SIM"


class WorldRecorder:
    """One take of a world, from now on.

    Parameters
    ----------
    world : TaskWorld
        A world just reset.
    dataset : Dataset
        Where the episode goes.
    task : Task
        What is being done.
    source : SourceName
        Who moves the hand.
    seed : int
        Seed of the world's start.
    pictures : ScenePictures, optional
        Draws the cameras at their own sizes; without it no pictures are recorded.
    operator : bool
        Whether pictures show the operator's hands at the pulled points; a camera with ``truth``
        also gets the picture without them and their mask.
    notes : dict
        Further facts of the take.
    """

    def __init__(
        self,
        world: TaskWorld,
        dataset: Dataset,
        task: Task,
        source: SourceName,
        seed: int,
        pictures: ScenePictures | None = None,
        operator: bool = False,
        notes: dict[str, Any] | None = None,
    ) -> None:
        self._world, self._pictures, self._operator = world, pictures, operator
        if pictures is not None:
            pictures.forget_operator()
        self._side = world.hand.side
        self._control = np.array([ACTIVE, Source[source.upper()], 1], np.int32)
        self._samplers = self._choose()
        specs = [spec for spec in world.rig.streams() if spec.name in self._samplers]
        self._due = {spec.name: world.now_ns for spec in specs}
        self._period = {spec.name: NS_PER_S / spec.rate_hz for spec in specs}
        self._drawn: dict[str, NDArray] = {}
        self._gels: dict[str, NDArray] = {}
        self._drawn_ns = self._felt_ns = self._pressed_ns = -1
        self._felt: tuple[NDArray, NDArray] = (np.zeros(0), np.zeros(0))
        facts = {"simulated": True, "in_process": True, "start_seed": seed, **(notes or {})}
        self._take = OfflineTake(
            dataset, world.rig, specs, world.now_ns, task=task.name, instruction=task.instruction,
            operator_code=OPERATOR_CODE, source=source, notes=facts, seed=seed,
        )  # fmt: skip
        self(world, world.now_ns)

    def __call__(self, world: TaskWorld, now_ns: int) -> None:
        """Take every sample that is due at ``now_ns``."""
        for name, due_ns in self._due.items():
            if now_ns >= due_ns:
                self._due[name] = due_ns + round(self._period[name])
                self._take.add(name, self._samplers[name](), now_ns)

    def publish(self, outcome: Outcome | None = None) -> Path:
        """End the take with ``outcome``, by default the judge's, and return the episode's file."""
        said = self._world.state.outcome
        judged: Outcome = "success" if said == "success" else "failure"
        return self._take.publish(outcome or judged, self._world.now_ns)

    def abandon(self) -> None:
        """Throw the take away."""
        self._take.abandon()

    def _choose(self) -> dict[str, Callable[[], NDArray]]:
        """Stream name to what makes its sample."""
        world, side = self._world, self._side
        chosen: dict[str, Callable[[], NDArray]] = {
            f"{side}/joints_measured": lambda: world.world.position(0),
            f"{side}/joints_velocity_measured": lambda: world.world.velocity(0),
            f"{side}/joints_effort_measured": lambda: world.world.effort(0),
            f"{side}/joints_sent": lambda: world.sent,
            f"{side}/taxels": lambda: self._touch()[0],
            f"{side}/fingertip_force": lambda: self._touch()[1],
            "world/objects": world.world.object_poses,
            "world/task": lambda: world.state.fields(),
            "operator/pulls": lambda: world.pulled,
            "supervisor/control": lambda: self._control,
        }
        names = {spec.name for spec in world.rig.streams()}
        if self._pictures is not None:
            last = ("rgb", "rgb_without_operator", "operator_mask")[: 3 if self._operator else 1]
            chosen |= {
                name: self._picture(name) for name in names if name.rpartition("/")[2] in last
            }
            chosen |= {name: self._gel(name) for name in world.gels.streams}
        return {name: sampler for name, sampler in chosen.items() if name in names}

    def _touch(self) -> tuple[NDArray, NDArray]:
        if self._felt_ns != self._world.now_ns:
            self._felt, self._felt_ns = self._world.touch(), self._world.now_ns
        return self._felt

    def _gel(self, stream: str) -> Callable[[], NDArray]:
        return lambda: self._draw_gels()[stream]

    def _draw_gels(self) -> dict[str, NDArray]:
        world = self._world
        if self._pressed_ns != world.now_ns:
            self._pressed_ns = world.now_ns
            self._gels = dict(world.gels.draw(world.world.data, world.world.contacts()[0]))
        return self._gels

    def _picture(self, stream: str) -> Callable[[], NDArray]:
        return lambda: self._draw()[stream]

    def _draw(self) -> dict[str, NDArray]:
        world, pictures = self._world, self._pictures
        assert pictures is not None
        if self._drawn_ns != world.now_ns:
            self._drawn_ns = world.now_ns
            if self._operator:
                found = pictures.draw_operator(
                    world.world.data, world.pulled, world.now_ns / NS_PER_S
                )
                self._drawn = {}
                for name, (seen, clean, mask) in found.items():
                    self._drawn[f"{name}/rgb"] = seen
                    self._drawn[f"{name}/rgb_without_operator"] = clean
                    self._drawn[f"{name}/operator_mask"] = mask
            else:
                found = pictures.draw(world.world.data)
                self._drawn = {f"{name}/rgb": picture for name, picture in found.items()}
        return self._drawn
