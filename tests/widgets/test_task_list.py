"""Choosing a task and reading its instruction."""

from widgets.task_list import Task, TaskList

LONG = "pick up the small orange cube behind the blue bottle and put it down beside the socket " * 2


def test_a_long_instruction_ends_in_an_ellipsis_and_stands_in_full_in_the_tooltip(shown):
    tasks = shown(TaskList([Task("cube", LONG)]), 400, 40)
    text = tasks.instruction.text()
    assert text.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert tasks.instruction.fontMetrics().horizontalAdvance(text) <= tasks.instruction.width()
    assert tasks.instruction.toolTip() == LONG


def test_an_instruction_that_fits_is_shown_whole(shown):
    tasks = shown(TaskList([Task("ball", "pick up the ball")]), 600, 40)
    assert "pick up the ball" in tasks.instruction.text()
    assert "\N{HORIZONTAL ELLIPSIS}" not in tasks.instruction.text()
