"""What a task's scene may say, and how it comes onto a rig."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from devices.rig import Rig, load_rig
from devices.task_scene import TaskScene, with_task

PRESS = {
    "test": "press", "object": "plunger", "joint": "plunger_button", "stiffness_n_m": 900,
    "low_n": 4, "high_n": 6, "break_n": 9,
}  # fmt: skip


def scene(**changes: object) -> TaskScene:
    return TaskScene.model_validate(
        {"group": "force-gated", "objects": ["plunger"], "success": PRESS} | changes
    )


def test_a_task_brings_its_objects_and_its_stream_and_survives_the_session_file():
    rig = load_rig("sim-xhand")
    tasked = with_task(rig, scene())
    assert tasked.world.objects == ("plunger",)
    assert tasked.stream("world/task").shape == (8,)
    assert "world/task" not in {spec.name for spec in rig.streams()}
    assert Rig.model_validate_json(tasked.model_dump_json(by_alias=True)) == tasked


def test_a_rig_without_a_world_takes_no_simulated_task():
    with pytest.raises(ValueError, match="rig 'leap' has no simulated world"):
        with_task(load_rig("leap"), scene())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reset": {"cup.x_m": [0, 1]}}, "'cup' is none of plunger, hand"),
        ({"reset": {"plunger.z_m": [0, 1]}}, "'plunger.z_m' must end in x_m, y_m, yaw_rad"),
        ({"reset": {"hand.yaw_rad": [0, 1]}}, "'hand.yaw_rad' must end in x_m, y_m, z_m"),
        ({"reset": {"plunger.x_m": [1, 0]}}, "give low, high"),
        ({"places_m": {"cup": [0, 0]}}, "'cup' is none of"),
        ({"success": PRESS | {"object": "cup"}}, "success.object: 'cup'"),
        ({"success": PRESS | {"colour": "red"}}, "colour"),
        ({"success": {"test": "juggle"}}, "juggle"),
    ],
)
def test_a_scene_that_fits_nothing_says_which_word(changes, says):
    with pytest.raises(ValidationError, match=says):
        scene(**changes)
