"""What a task is worth: demonstrations, replay of measured joints, replay with forces.

The three arms of the check, from paired start states, all in simulation:

- ``demonstration``: the scripted demonstrator pulls the compliant hand;
- ``position``: the *measured* joints of that demonstration as position targets;
- ``force``: the same joints with every pad's target shifted by ``K f`` along its normal
  (``policies.replay_forces``).

Both replays pass the command gate. A force-gated task is one where ``position`` fails and
``force`` succeeds; a plain task is done by ``position`` as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from devices.rig import Rig
from devices.sim.task_judge import TaskState
from devices.sim.task_world import TaskWorld
from policies.demonstrator import demonstrate
from policies.replay_forces import shift_for_forces
from policies.task_plan import HandPoser
from policies.tasks import Task

ARMS = ("demonstration", "position", "force")
TRACK_HZ = 50.0
AHEAD = 4  # targets of a request: the gate interpolates between them
SETTLE_S = 0.5  # a replay stays at its last target for this long


@dataclass(frozen=True)
class Track:
    """Measured joints ``(N, J)`` and normal forces ``(N, P)``, N, of one demonstration.

    ``time_s`` ``(N,)`` counts from the reset.
    """

    time_s: NDArray[np.float64]
    joints: NDArray[np.float64]
    normal_n: NDArray[np.float64]


@dataclass
class ArmResult:
    """Outcomes of one arm: successes, trials, and failures by reason."""

    successes: int = 0
    trials: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, state: TaskState) -> None:
        """Count one final outcome."""
        self.trials += 1
        if state.outcome == "success":
            self.successes += 1
        else:
            self.reasons[state.reason] += 1

    def as_dict(self) -> dict[str, object]:
        """Figures by name."""
        return {
            "successes": self.successes,
            "trials": self.trials,
            "failures": dict(self.reasons.most_common()),
        }


def record_track(
    task: Task, world: TaskWorld, seed: int, poser: HandPoser | None = None
) -> tuple[Track, TaskState]:
    """Demonstrate once; returns what was measured and what became of it."""
    times: list[float] = []
    joints: list[NDArray] = []
    forces: list[NDArray] = []

    def sample(at: TaskWorld, now_ns: int) -> None:
        del now_ns
        if at.time_s * TRACK_HZ >= len(times):
            times.append(at.time_s)
            joints.append(at.world.position(0).copy())
            forces.append(at.pad_force_n()[:, 2])

    world.hook = None
    world.reset(seed)
    world.hook = sample
    try:
        demonstrate(task, world, seed, poser)
    finally:
        world.hook = None
    return Track(np.array(times), np.array(joints), np.maximum(np.array(forces), 0.0)), world.end()


def with_forces(
    track: Track, world: TaskWorld, poser: HandPoser, gain_scale: float = 1.0
) -> NDArray[np.float64]:
    """Targets ``(N, J)``: the track's joints shifted by ``K f``; K is the hand's, scaled."""
    return shift_for_forces(
        track.time_s, track.joints, track.time_s, track.normal_n, poser.kinematics,
        gain_scale * world.hand.spec.model.force_gain_m_per_n,
    )  # fmt: skip


def replay(world: TaskWorld, seed: int, targets: NDArray[np.float64]) -> TaskState:
    """Follow ``targets`` ``(N, J)`` at ``TRACK_HZ`` through the gate from the start of ``seed``."""
    world.reset(seed)
    period_s = 1.0 / TRACK_HZ
    due_s = np.arange(AHEAD) * period_s
    for index in range(len(targets) + round(SETTLE_S * TRACK_HZ)):
        rows = np.minimum(np.arange(index, index + AHEAD), len(targets) - 1)
        world.advance_requested(targets[rows], period_s, due_s)
    return world.end()


def check_task(task: Task, rig: Rig, seeds: range, gain_scale: float = 1.0) -> dict[str, ArmResult]:
    """Run the three arms over ``seeds``; ``gain_scale`` times the hand's K in the third."""
    results = {arm: ArmResult() for arm in ARMS}
    with TaskWorld(task.rig(rig)) as world:
        poser = HandPoser(world.hand)
        for seed in seeds:
            track, state = record_track(task, world, seed, poser)
            results["demonstration"].add(state)
            results["position"].add(replay(world, seed, track.joints))
            results["force"].add(replay(world, seed, with_forces(track, world, poser, gain_scale)))
    return results
