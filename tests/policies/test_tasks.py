"""The task list and what a broken task file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.rig import load_rig
from policies.demonstrations import DEMONSTRATIONS
from policies.tasks import TaskError, find_task, load_tasks, simulated_tasks

REPOSITORY = Path(__file__).resolve().parents[2]

GOOD = "schema: thenar.task/1\nname: {name}\ntitle: A title\n"


def test_task_list_of_the_program_starts_with_the_cube_and_ends_with_free_play():
    tasks = load_tasks()
    assert len(tasks) >= 6
    assert tasks[0].name == "pick-up-the-cube"
    assert tasks[-1].name == "free-play"
    assert all(task.instruction for task in tasks[:-1])


def test_two_files_of_one_name_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text(GOOD.format(name="same"))
    (tmp_path / "b.yaml").write_text(GOOD.format(name="same"))
    with pytest.raises(TaskError, match=r"a\.yaml.*b\.yaml.*'same'"):
        load_tasks(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("schema: thenar.task/1\nname: Bad Name\ntitle: x\n", "key 'name'"),
        ("schema: thenar.task/1\nname: x\n", "key 'title'"),
        (GOOD.format(name="x") + "colour: red\n", "key 'colour'"),
        ("name: [", "line"),
    ],
)
def test_broken_task_file_says_which_file_and_key(tmp_path, text, says):
    (tmp_path / "broken.yaml").write_text(text)
    with pytest.raises(TaskError, match=says) as caught:
        load_tasks(tmp_path)
    assert "broken.yaml" in str(caught.value)


def test_a_simulated_task_brings_its_world_and_a_real_rig_stays_as_it_is():
    task = find_task("press-the-plunger")
    assert task.group == "force-gated"
    assert task.rig(load_rig("sim-xhand")).world.objects == ("plunger",)
    assert task.rig(load_rig("leap")) == load_rig("leap")
    free = find_task("free-play")
    assert free.group == "free"
    assert free.rig(load_rig("sim-xhand")) == load_rig("sim-xhand")


def test_the_suite_has_its_groups_demonstrators_and_pictures():
    suite = simulated_tasks()
    groups = [task.group for task in suite]
    assert groups.count("force-gated") >= 3
    assert "plain" in groups
    assert "occluded" in groups
    for task in suite:
        assert task.demonstrator in DEMONSTRATIONS
        assert (REPOSITORY / "docs" / task.picture).is_file()


def test_an_unknown_task_is_refused_with_the_list():
    with pytest.raises(TaskError, match=r"'fly' is unknown; known tasks: .*free-play"):
        find_task("fly")


def test_a_scene_that_is_wrong_names_file_and_key(tmp_path):
    (tmp_path / "odd.yaml").write_text(
        GOOD.format(name="odd")
        + "scene: {group: plain, objects: [cup], success: {test: lift, object: cup}}\n"
    )
    with pytest.raises(TaskError, match=r"odd\.yaml.*scene\.success\.lift\.height_m"):
        load_tasks(tmp_path)
