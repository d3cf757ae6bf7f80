"""The export panel makes the plan that is chosen, says what it will be, and starts and stops it."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from support.activation import activate

from recorder.align import DEFAULT_POLICY
from recorder.progress import Progress
from widgets.export_panel import ExportPanel

FOUND = {
    "episodes": 12,
    "rows": 3802,
    "bytes": 70_000_000,
    "free": 68_000_000_000,
    "action": "sent",
    "cameras": {},
    "skipped": [{"episode": 3, "reason": "rejected: test_take"}],
}


@pytest.fixture
def panel(shown):
    made = shown(ExportPanel(), 760, 640)
    made.set_dataset(Path("/data/takes"), ["front/rgb", "wrist/rgb"], (4, 7))
    return made


def test_the_plan_is_what_is_chosen(panel):
    panel.format.setCurrentIndex(panel.format.findData("robomimic"))
    panel.rate.setCurrentText("20 Hz")
    panel.size.setCurrentText("84 x 84")
    panel.action.setCurrentIndex(panel.action.findData("next_measured"))
    panel.outcome.setCurrentText("success")
    panel.cameras["front/rgb"].setChecked(False)
    panel.people.setChecked(True)
    panel.out.setText("/data/made")
    plan = panel.plan()
    assert plan.format == "robomimic"
    assert plan.rate_hz == 20
    assert plan.image_size == (84, 84)
    assert plan.action == "next_measured"
    assert plan.require_outcome == ("success",)
    assert plan.cameras == ("wrist/rgb",)
    assert plan.hide_people
    assert plan.episodes == (4, 7)
    assert plan.out == Path("/data/made")


def test_the_alignment_is_by_kind_unless_one_policy_is_chosen_for_all(panel):
    assert panel.plan().alignment == {}
    panel.alignment.setCurrentText("newest sample before")
    assert set(panel.plan().alignment.values()) == {"hold"}
    assert set(panel.plan().alignment) == set(DEFAULT_POLICY)
    panel.format.setCurrentIndex(panel.format.findData("mcap"))
    assert not panel.alignment.isEnabled()


def test_a_change_asks_once_for_what_it_would_give(panel, qtbot):
    with qtbot.waitSignal(panel.preview_requested) as asked:
        panel.people.setChecked(True)
        panel.rate.setCurrentText("10 Hz")
    assert asked.args[0] == panel.plan()


def test_nothing_starts_before_it_is_known_what_it_would_be(panel):
    panel.set_dataset(Path("/data/takes"), ["front/rgb"])
    assert panel.says.text() == "Looking at all episodes …"
    assert not panel.start.isEnabled()
    panel.set_preview(FOUND)
    assert panel.start.isEnabled()


def test_marked_episodes_are_named_as_such(panel, tmp_path):
    panel.set_dataset(tmp_path, ["front/rgb"], [1, 4])
    assert panel.says.text() == "Looking at 2 marked episodes …"
    panel.set_preview({**FOUND, "episodes": 2})
    assert panel.summary.text().startswith("2 marked episodes, ")


def test_the_summary_says_size_room_and_what_is_left_out(panel):
    panel.set_preview(FOUND)
    assert panel.summary.text() == "12 marked episodes, 3,802 rows, about 70 MB; 68.0 GB free"
    assert "episode 3 (rejected: test_take)" in panel.says.text()
    assert panel.start.isEnabled()


def test_it_does_not_start_without_room(panel):
    panel.set_preview({**FOUND, "bytes": 69_000_000_000})
    assert not panel.start.isEnabled()
    assert "not enough room" in panel.says.text()


def test_a_problem_is_said_before_the_start_and_keeps_it_from_starting(panel):
    panel.set_problem("episode 4 has other joints than episode 7")
    assert not panel.start.isEnabled()
    assert panel.start.toolTip() == "Not now: episode 4 has other joints than episode 7"
    assert "other joints" in panel.says.text()


def test_without_a_folder_it_says_what_is_missing(panel):
    panel.out.clear()
    assert not panel.start.isEnabled()
    assert panel.says.text() == "Choose a folder to export to."


def test_start_asks_with_the_plan_and_the_choices_rest_while_it_runs(panel, qtbot):
    panel.set_preview(FOUND)
    with qtbot.waitSignal(panel.start_requested) as asked:
        qtbot.mouseClick(panel.start, Qt.MouseButton.LeftButton)
    assert asked.args[0] == panel.plan()
    assert not panel.format.isEnabled()
    assert not panel.start.isEnabled()
    assert panel.cancel.isEnabled()


def test_progress_says_share_time_left_and_what_is_worked_on(panel):
    panel.set_progress(Progress(300, 1000, "episode 4", 74.0))
    assert panel.says.text() == "Exporting: 30 %, 1 min 14 s left, episode 4"
    assert panel.bar.isVisible()
    assert panel.bar.value() == 300


def test_cancel_asks_and_an_early_end_lets_the_same_plan_start_again(panel, qtbot):
    panel.set_progress(Progress(1, 10))
    with qtbot.waitSignal(panel.cancel_requested):
        qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    panel.set_error("cancelled; 3 episodes are kept")
    assert panel.says.text() == "Ended early: cancelled; 3 episodes are kept"
    assert panel.start.isEnabled()
    assert panel.format.isEnabled()


def test_the_result_stands_and_the_same_folder_is_not_offered_again(panel):
    panel.set_progress(Progress(1, 10))
    panel.set_result("12 episodes in /data/made")
    assert panel.says.text() == "Done. 12 episodes in /data/made"
    assert not panel.start.isEnabled()


def test_formats_without_a_common_rate_do_not_ask_for_one(panel):
    panel.format.setCurrentIndex(panel.format.findData("mcap"))
    assert not panel.rate.isEnabled()
    assert not panel.images.isEnabled()


def test_every_choice_can_be_reached_with_the_tab_key_in_order(panel, qtbot):
    activate(panel)
    panel.format.setFocus()
    qtbot.waitUntil(panel.format.hasFocus)
    for wanted in (panel.rate, panel.alignment, panel.cameras["front/rgb"],
                   panel.cameras["wrist/rgb"], panel.size, panel.action, panel.outcome,
                   panel.trim):  # fmt: skip
        qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_Tab)
        qtbot.waitUntil(wanted.hasFocus)


def test_every_control_has_a_name_for_screen_readers(panel):
    for control in (panel.format, panel.rate, panel.alignment, panel.size, panel.action,
                    panel.outcome, panel.out, panel.trim, panel.people, panel.bar,
                    *panel.cameras.values()):  # fmt: skip
        assert control.accessibleName()
