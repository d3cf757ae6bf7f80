"""The simulated operator's hands hold what is pulled and are away otherwise."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from devices.rig import MAX_PULLS, PULL_FIELDS, load_rig
from devices.sim.operator_hand import DIGITS, OPERATOR_GROUP, body_name
from devices.sim.operator_pose import OperatorHands
from devices.sim.scene import build_scene

TIP_NEAR_M = 0.015  # a fingertip's radius and the skin of a robot finger


class Stage:
    """The scene of a rig with its operator."""

    def __init__(self, rig_name: str) -> None:
        self.rig = load_rig(rig_name)
        self.model, self.map = build_scene(self.rig, operator_hand=True)
        self.data = mujoco.MjData(self.model)
        for hand, config in zip(self.map.hands, self.rig.hands, strict=True):
            self.data.qpos[hand.qpos] = config.spec.home
        self.operator = OperatorHands(self.model, self.map, self.rig)
        mujoco.mj_kinematics(self.model, self.data)

    def pull(self, *links: tuple[int, str]) -> np.ndarray:
        pulls = np.zeros((MAX_PULLS, PULL_FIELDS))
        for row, (hand, link) in zip(pulls, links, strict=False):
            names = [item.name for item in self.rig.hands[hand].spec.model.links]
            index = -1 if link == "palm" else names.index(link)
            row[:7] = (1, 0, hand, index, 0.0, 0.0, 0.01)
        return pulls

    def point(self, pulls: np.ndarray, row: int) -> np.ndarray:
        body = self.map.hands[int(pulls[row, 2])].links[int(pulls[row, 3])]
        turn = self.data.xmat[body].reshape(3, 3)
        return self.data.xpos[body] + turn @ pulls[row, 4:7]

    def pose(self, pulls: np.ndarray, at_s: float) -> None:
        self.operator.pose(self.data, pulls, at_s)
        mujoco.mj_kinematics(self.model, self.data)

    def tips(self) -> np.ndarray:
        """World positions of the centres of all ten fingertips."""
        return np.array([self.tip(s, d) for s in ("right", "left") for d in DIGITS])

    def tip(self, side: str, digit) -> np.ndarray:
        body = self.model.body(body_name(side, digit.name, 2)).id
        turn = self.data.xmat[body].reshape(3, 3)
        return self.data.xpos[body] + digit.lengths_m[2] * turn[:, 0]

    def shown_geoms(self) -> int:
        return int((self.model.geom_group == OPERATOR_GROUP).sum())


@pytest.fixture
def stage():
    return Stage("sim-xhand")


def tip_links(stage: Stage, hand: int = 0) -> list[tuple[int, str]]:
    return [
        (hand, item.name)
        for item in stage.rig.hands[hand].spec.model.links
        if item.tip_m is not None
    ]


def test_each_pulled_point_is_held_by_a_fingertip(stage):
    pulls = stage.pull(*tip_links(stage))
    stage.pose(pulls, 0.0)
    for row in range(len(tip_links(stage))):
        distance = np.linalg.norm(stage.tips() - stage.point(pulls, row), axis=1).min()
        assert distance < TIP_NEAR_M, f"pull {row}"


def test_fingertips_follow_the_pulled_point_as_the_hand_moves(stage):
    pulls = stage.pull(tip_links(stage)[1])
    stage.pose(pulls, 0.0)
    hand = stage.map.hands[0]
    for step in range(1, 20):
        stage.data.qpos[hand.qpos[2]] += 0.004
        mujoco.mj_kinematics(stage.model, stage.data)
        stage.pose(pulls, step / 30)
        distance = np.linalg.norm(stage.tips() - stage.point(pulls, 0), axis=1).min()
        assert distance < TIP_NEAR_M


def test_the_forearm_comes_from_the_near_edge(stage):
    stage.pose(stage.pull(tip_links(stage)[1]), 0.0)
    side = "left" if stage.data.body(body_name("right", "palm")).xpos[2] < -1 else "right"
    forearm = stage.data.body(body_name(side, "forearm"))
    towards_elbow = forearm.xmat.reshape(3, 3)[:, 0]
    assert towards_elbow[1] < -0.5
    assert forearm.xpos[1] < stage.data.body("right_palm").xpos[1]


def test_without_pulls_no_operator_is_drawn(stage):
    stage.pose(stage.pull(), 0.0)
    assert not stage.operator.visible
    assert stage.shown_geoms() == 0


def test_the_operator_leaves_after_the_last_pull_and_returns(stage):
    pulls = stage.pull(tip_links(stage)[1])
    stage.pose(pulls, 0.0)
    assert stage.shown_geoms() > 0
    for step in range(1, 30):
        stage.pose(stage.pull(), step / 30)
    assert not stage.operator.visible
    assert stage.shown_geoms() == 0
    for step in range(30, 60):
        stage.pose(pulls, step / 30)
    assert np.linalg.norm(stage.tips() - stage.point(pulls, 0), axis=1).min() < TIP_NEAR_M


def test_the_operator_comes_in_gradually(stage):
    stage.pose(stage.pull(), 0.0)
    pulls = stage.pull(tip_links(stage)[1])
    distances = []
    for step in range(1, 15):
        stage.pose(pulls, step / 30)
        tips = stage.tips()
        distances.append(np.linalg.norm(tips - stage.point(pulls, 0), axis=1).min())
    assert distances[0] > 0.1
    assert np.all(np.diff(distances) <= 1e-6)


def test_the_arms_do_not_cross(stage):
    stage.pose(stage.pull(*tip_links(stage)), 0.0)
    right = stage.data.body(body_name("right", "palm")).xpos
    left = stage.data.body(body_name("left", "palm")).xpos
    assert right[0] > left[0]


def test_two_robot_hands_get_one_operator_hand_each():
    stage = Stage("sim-bimanual")
    links = [tip_links(stage, 0)[1], tip_links(stage, 1)[1]]
    pulls = stage.pull(*links)
    stage.pose(pulls, 0.0)
    for row, side in enumerate(hand.side for hand in stage.rig.hands):
        tips = np.array([stage.tip(side, digit) for digit in DIGITS])
        assert np.linalg.norm(tips - stage.point(pulls, row), axis=1).min() < TIP_NEAR_M


@pytest.mark.parametrize(("hand", "link"), [(5, 0), (0, 99), (-1, 0), (0, -2), (np.nan, 0)])
def test_pulls_of_unknown_links_are_ignored(stage, hand, link):
    pulls = np.zeros((MAX_PULLS, PULL_FIELDS))
    pulls[0, :4] = (1, 0, hand, link)
    stage.pose(pulls, 0.0)
    assert not stage.operator.visible


def test_the_operator_touches_nothing_and_adds_no_joint(stage):
    plain, _ = build_scene(stage.rig, operator_hand=False)
    assert stage.model.nq == plain.nq
    operator = np.array(
        ["operator_" in stage.model.body(int(b)).name for b in stage.model.geom_bodyid]
    )
    assert operator.sum() > 50
    assert not (stage.model.geom_contype[operator] | stage.model.geom_conaffinity[operator]).any()
    assert stage.model.body_mass.sum() == pytest.approx(plain.body_mass.sum())


def test_bones_of_a_finger_join(stage):
    stage.pose(stage.pull(*tip_links(stage)), 0.0)
    for side in ("right", "left"):
        for digit in DIGITS:
            for bone in range(2):
                near = stage.data.body(body_name(side, digit.name, bone))
                far = stage.data.body(body_name(side, digit.name, bone + 1))
                end = near.xpos + digit.lengths_m[bone] * near.xmat.reshape(3, 3)[:, 0]
                assert end == pytest.approx(far.xpos, abs=1e-6)
