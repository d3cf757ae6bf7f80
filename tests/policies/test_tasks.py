"""The task list and what a broken task file says."""

from __future__ import annotations

import pytest

from policies.tasks import TaskError, load_tasks

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
