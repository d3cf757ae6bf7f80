"""The judge reads the world and nothing else: states are written into the physics here."""

from __future__ import annotations

import numpy as np
import pytest

from devices.rig import load_rig
from devices.sim.task_judge import TaskJudge, TaskState
from devices.sim.task_objects import PLUNGER_N_M
from devices.sim.world import World
from devices.task_scene import OUTCOMES, REASONS, TASK_FIELDS
from policies.tasks import find_task

STEP_NS = 6_000_000


class Bench:
    """A task's world whose parts are put where a test wants them."""

    def __init__(self, task: str) -> None:
        self.world = World(find_task(task).rig(load_rig("sim-xhand")))
        judge = self.world.judge
        assert judge is not None
        self.judge: TaskJudge = judge
        self.at_ns = 0

    def joint(self, name: str, value: float) -> None:
        self.world.data.qpos[self.world.model.joint(name).qposadr[0]] = value

    def lift(self, name: str, height_m: float) -> None:
        self.world.data.xpos[self.world.scene.objects[name], 2] += height_m

    def move_hand(self) -> None:
        self.world.data.qpos[self.world.scene.hands[0].qpos[0]] += 0.05

    def watch(self, seconds: float) -> TaskState:
        for _ in range(round(seconds * 1e9 / STEP_NS)):
            self.at_ns += STEP_NS
            self.judge.update(self.world.data, self.at_ns)
        return self.judge.state


def test_a_plunger_must_be_held_in_the_window_for_its_time():
    bench = Bench("press-the-plunger")
    bench.joint("plunger_button", -5.0 / PLUNGER_N_M)
    assert bench.watch(0.2).outcome == "running"
    bench.joint("plunger_button", -3.0 / PLUNGER_N_M)
    assert bench.watch(0.2).held_s == 0.0
    bench.joint("plunger_button", -5.0 / PLUNGER_N_M)
    assert bench.watch(0.35).outcome == "success"


def test_a_push_beyond_the_limit_fails_for_good():
    bench = Bench("press-the-plunger")
    bench.joint("plunger_button", -10.0 / PLUNGER_N_M)
    assert bench.watch(0.05).reason == "pressed too much"
    bench.joint("plunger_button", -5.0 / PLUNGER_N_M)
    assert bench.watch(1.0).outcome == "failure"


def test_time_runs_from_the_hands_first_motion_and_names_a_weak_push():
    bench = Bench("press-the-plunger")
    assert bench.watch(20.0).outcome == "running"
    bench.move_hand()
    bench.joint("plunger_button", -2.0 / PLUNGER_N_M)
    state = bench.watch(12.5)
    assert (state.outcome, state.reason) == ("failure", "pressed too little")


def test_a_take_that_ends_undecided_has_failed_for_a_reason():
    bench = Bench("press-the-plunger")
    bench.joint("plunger_button", -2.0 / PLUNGER_N_M)
    bench.watch(0.1)
    assert bench.judge.end().reason == "pressed too little"
    bench = Bench("press-the-plunger")
    bench.joint("plunger_button", -5.0 / PLUNGER_N_M)
    bench.watch(0.4)
    assert bench.judge.end().outcome == "success"


def test_a_lifted_box_that_comes_down_again_has_slipped():
    bench = Bench("lift-the-fragile-box")
    bench.lift("fragile_box", 0.02)
    assert bench.watch(0.1).outcome == "running"
    bench.lift("fragile_box", -0.018)
    assert bench.watch(0.1).reason == "slipped"


def test_a_box_held_high_is_a_success():
    bench = Bench("lift-the-fragile-box")
    bench.lift("fragile_box", 0.04)
    assert bench.watch(0.45).outcome == "success"


def test_turning_counts_in_the_tasks_direction_only():
    bench = Bench("turn-the-cap")
    bench.joint("jar_cap", -0.5)
    assert bench.watch(0.1).outcome == "running"
    bench.joint("jar_cap", 0.45)
    assert bench.watch(0.1).outcome == "success"


def test_a_squeezed_tube_may_not_spill():
    bench = Bench("squeeze-the-tube")
    bench.joint("tube_far", 0.006)
    bench.joint("tube_near", 0.006)
    assert bench.watch(0.05).reason == "pressed too much"


def test_pressing_another_peg_is_the_wrong_place_and_the_raised_one_is_not():
    bench = Bench("insert-the-peg")
    bench.world.reset(1)
    pegs = [f"peg_board_peg{index}" for index in range(3)]
    places = [float(bench.world.data.qpos[bench.world.model.joint(p).qposadr[0]]) for p in pegs]
    raised = int(np.argmax(places))
    bench.joint(pegs[raised], -0.004)
    assert bench.watch(0.2).outcome == "success"
    bench.world.reset(1)
    bench.joint(pegs[(raised + 1) % 3], -0.004)
    assert bench.watch(0.2).reason == "wrong place"


def test_the_recorded_sample_tells_outcome_and_reason():
    fields = dict(zip(TASK_FIELDS, TaskState("failure", "broke").fields(), strict=True))
    assert OUTCOMES[int(fields["outcome"])] == "failure"
    assert REASONS[int(fields["reason"])] == "broke"


@pytest.mark.parametrize("name", ["lift-the-fragile-box", "pick-the-bottle", "pick-the-cup"])
def test_an_object_left_alone_neither_succeeds_nor_fails(name):
    bench = Bench(name)
    for _ in range(150):
        bench.world.step(0)
    assert bench.judge.state.outcome == "running"
    assert np.isfinite(bench.judge.state.fields()).all()
