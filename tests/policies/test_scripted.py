"""The scripted operator: which points it pulls, and that it does so the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

from devices.kinematics import HandKinematics
from devices.rig import MAX_PULLS, Rig, load_rig
from devices.sim.scene import start_poses
from policies.exo_map import ExoMap
from policies.scripted import ScriptedOperator, ScriptError

SECONDS = 4.0
TIMES_S = np.arange(0.0, SECONDS, 1 / 60)


def _operator(rig: Rig, seed: int = 0, seconds: float = SECONDS, **fields) -> ScriptedOperator:
    kinematics = {
        hand.side: HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad)
        for hand in rig.hands
    }
    poses = {hand.side: hand.spec.home for hand in rig.hands}
    objects = (
        {name: np.array(place) for name, place in start_poses(rig).items()} if rig.world else {}
    )
    return ScriptedOperator(rig, "kinesthetic", kinematics, poses, objects, seconds, seed, **fields)


@pytest.mark.parametrize("rig_name", ["sim-xhand", "sim-bimanual"])
def test_same_seed_gives_the_same_pulls_and_intents_bit_for_bit(rig_name):
    rig = load_rig(rig_name)
    one, two, other = _operator(rig), _operator(rig), _operator(rig, seed=1)
    side = rig.hands[-1].side
    for at_s in TIMES_S[::10]:
        assert np.array_equal(one.pulls(at_s), two.pulls(at_s))
        assert np.array_equal(one.intent(side, at_s), two.intent(side, at_s))
    assert not np.array_equal(one.pulls(2.0), other.pulls(2.0))
    assert not np.array_equal(one.intent(side, 2.0), other.intent(side, 2.0))


@pytest.mark.parametrize("rig_name", ["sim-xhand", "sim-leap", "sim-allegro"])
def test_palm_and_every_fingertip_are_pulled(rig_name):
    rig = load_rig(rig_name)
    rows = _operator(rig).pulls(1.0)
    active = rows[rows[:, 0] > 0]
    spec = rig.hands[0].spec
    assert (active[:, 3] == -1).sum() == 3
    assert len(set(active[:, 3])) == 1 + len(spec.model.fingers)


def test_pulls_of_two_hands_share_the_rows():
    rows = _operator(load_rig("sim-bimanual")).pulls(1.0)
    for hand in (0, 1):
        mine = rows[(rows[:, 0] > 0) & (rows[:, 2] == hand)]
        assert len(mine) == MAX_PULLS // 2
        assert (mine[:, 3] == -1).any()
        assert (mine[:, 3] >= 0).sum() >= 2


def test_pulls_begin_without_force_and_move_smoothly():
    rig = load_rig("sim-xhand")
    operator = _operator(rig)
    hand = rig.hands[0]
    kinematics = HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad)
    poses = kinematics.link_poses(hand.spec.home)
    first = operator.pulls(0.0)
    for row in first[first[:, 0] > 0]:
        pose = poses[int(row[3])]
        assert np.allclose(pose[:3, :3] @ row[4:7] + pose[:3, 3], row[7:10])
    targets = np.array([operator.pulls(at_s)[:, 7:10] for at_s in TIMES_S])
    assert np.linalg.norm(np.diff(targets, axis=0), axis=2).max() < 0.03


def test_everything_is_let_go_at_the_end():
    assert not _operator(load_rig("sim-xhand")).pulls(SECONDS).any()


def _grasp_point_m(rig: Rig, side: str) -> np.ndarray:
    """Between thumb and index finger when the script has closed the hand, in the world."""
    hand = rig.hand(side)
    kinematics = HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad)
    pose = ExoMap.load(hand.spec).targets(_operator(rig).intent(side, 2.4))
    tips = dict(zip(kinematics.tip_fingers, kinematics.tip_positions(pose), strict=True))
    return (tips["thumb"] + tips["index"]) / 2


@pytest.mark.parametrize(
    ("rig_name", "side", "target"),
    [("sim-xhand", "right", "cube"), ("sim-bimanual", "right", "ball"),
     ("sim-bimanual", "left", "cube")],
)  # fmt: skip
def test_each_hand_grasps_the_object_that_lies_before_it(rig_name, side, target):
    rig = load_rig(rig_name)
    point, place = _grasp_point_m(rig, side), np.array(start_poses(rig)[target])
    assert np.hypot(*(point - place)[:2]) < 0.02


def test_hand_with_nothing_in_reach_grasps_the_air():
    rig = load_rig("sim-xhand")
    hand = rig.hands[0]
    kinematics = {"right": HandKinematics(hand.spec, hand.base_pos_m, hand.base_rpy_rad)}
    far = {"cube": np.array([2.0, 0.0, 0.02])}
    operator = ScriptedOperator(
        rig, "kinesthetic", kinematics, {"right": hand.spec.home}, far, SECONDS, 0
    )
    assert abs(operator.intent("right", 2.0)[17]) < 0.1


def test_script_shorter_than_a_grasp_is_cut_off():
    rig = load_rig("sim-xhand")
    short, full = _operator(rig, seconds=1.0), _operator(rig, seconds=3.0)
    assert np.array_equal(short.pulls(0.9), full.pulls(0.9))
    assert not short.pulls(1.0).any()


def test_hand_without_world_or_wrist_closes_its_fingers_in_the_air():
    rig = load_rig("leap")
    operator = _operator(rig)
    moved = operator.intent("right", 2.5) - operator.intent("right", 0.0)
    assert np.abs(moved[:17]).max() > 0.5
    assert not moved[17:].any()


def test_unknown_script_lists_the_known_ones():
    with pytest.raises(ScriptError, match="'juggle' is unknown; known scripts: grasp"):
        _operator(load_rig("sim-xhand"), name="juggle")
