"""Clean in the real window: batch, verdicts, overlays, choices, keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.clean_window import CleanWindow
from support.control_names import unnamed_controls
from support.fake_cleaner import CAMERA, FILL

from app.action_ids import ActionId
from app.clean_actions import CLEAN_ACTIONS
from recorder.cleaning.choices import load_choices
from recorder.cleaning.result import cleaned_results
from recorder.dataset import open_dataset


def infos(root: Path):
    return cleaned_results(open_dataset(root))[0]


def test_the_list_says_how_far_every_episode_is(window):
    assert window.states == ["proposed", "none", "none"]
    assert "2 not cleaned, 1 proposed" in window.clean.view.episodes.counts.text()
    row = window.clean.view.episodes.model.rows[0]
    assert row.residue == pytest.approx(0.1, abs=0.001)
    assert "guessed" in window.clean.view.warnings.text()


def test_the_whole_dataset_is_cleaned_by_a_job_with_progress(window, root):
    seen = []
    window.clean.batch.progressed.connect(seen.append)
    window.press("Ctrl+B")
    window.wait(lambda: not window.clean.batch.running, "the end of the batch")
    window.look()
    assert window.states == ["proposed"] * 3
    assert len(infos(root)) == 3
    assert max(progress.done for progress in seen) > 0
    assert "finished before" in window.clean.view.episodes.figures.text()


def test_only_marked_episodes_are_cleaned(window, root):
    window.press("Down", "Down", "T")
    assert window.clean.view.episodes.clean_button.text() == "Clean 1 marked"
    window.press("Ctrl+B")
    window.wait(lambda: not window.clean.batch.running, "the end of the batch")
    window.look()
    assert window.states == ["proposed", "none", "proposed"]


def test_a_failed_episode_shows_its_sentence_and_the_rest_goes_on(window, root):
    (root / "failing").touch()
    window.press("Ctrl+B")
    window.wait(lambda: not window.clean.batch.running, "the end of the batch")
    window.look()
    assert window.states == ["proposed", "failed", "proposed"]
    window.press("Down")
    assert "out of luck" in window.clean.view.warnings.text()
    window.close()
    again = CleanWindow(root)
    assert again.states == ["proposed", "failed", "proposed"]
    again.press("Down")
    assert "out of luck" in again.clean.view.warnings.text()
    again.close()


def test_a_batch_waits_goes_on_and_is_cancelled_by_keys(window, root):
    (root / "slow").touch()
    batch = window.clean.batch
    window.press("Ctrl+B")
    window.wait(lambda: list(root.glob("*.begun")), "the first picture")
    window.press("P")
    assert batch.paused
    window.wait(lambda: batch.progress and batch.progress.what == "paused", "the pause")
    window.clean._show_batch()
    assert "PAUSED" in window.clean.view.episodes.figures.text()
    window.press("P")
    assert not batch.paused
    window.press("Shift+X")
    window.wait(lambda: not batch.running, "the end of the batch")
    assert "Cancelled" in window.clean.view.episodes.figures.text()
    assert not list((root / "cleaned").glob(".job-*"))


def test_accept_is_stored_with_who_said_it_and_shows_the_next_episode(window, root):
    first = window.clean.uuid
    window.press("Return")
    assert infos(root)[0].state == "accepted"
    assert infos(root)[0].verdict.who == "R7"
    assert window.states[0] == "accepted"
    assert window.clean.uuid != first


def test_a_verdict_given_by_mistake_is_taken_back(window, root):
    first = window.clean.uuid
    window.press("R", "Return")
    assert infos(root)[0].state == "accepted"
    assert window.clean.uuid != first
    window.press("U")
    assert window.clean.uuid == first
    assert infos(root)[0].state == window.states[0] == "redo"
    window.press("U")
    assert infos(root)[0].state == window.states[0] == "proposed"
    window.press("U")
    assert "no verdict to take back" in window.said
    window.press("Return")
    window.close()
    again = CleanWindow(root)
    assert again.states[0] == "accepted"
    again.press("U")
    assert infos(root)[0].state == again.states[0] == "proposed"
    assert not again.clean.view.take_back.isEnabled()
    again.close()


def test_redo_sends_a_video_back_and_it_is_made_again_with_the_shown_choices(window, root):
    window.press("R")
    assert infos(root)[0].state == "redo"
    assert window.states[0] == "redo"
    window.clean.view.parameters.numbers["dilation_px"].setValue(17)
    window.press("Ctrl+Return")
    window.wait(lambda: not window.clean.batch.running, "the end of the batch")
    window.look()
    assert window.states[0] == "proposed"
    assert infos(root)[0].facts.parameters.dilation_px == 17


def test_what_is_not_cleaned_is_neither_accepted_nor_sent_back(window):
    window.press("Down", "Return")
    assert "clean it first" in window.said
    assert window.states[1] == "none"
    assert "Not cleaned" in window.clean.view.picture._note


def test_after_is_right_of_the_wipe_and_keys_move_it(window):
    picture = window.clean.view.picture
    before, after = picture.shown_before(), picture.shown_after()
    assert before is not None
    assert after is not None
    assert (after[25, 20] == FILL).all() or np.abs(after[25, 20].astype(int) - FILL).max() < 12
    assert not (before[25, 20] == after[25, 20]).all()
    window.press("[", "[")
    assert picture.wipe == pytest.approx(0.4)
    left = window.pixels()
    window.press("]", "]", "]", "]")
    assert picture.wipe == pytest.approx(0.6)
    assert (left != window.pixels()).any()


def test_views_and_overlays_change_the_pixels(window):
    seen = [window.pixels()]
    for key in ("S", "A", "M", "L", "W"):
        window.press(key)
        seen.append(window.pixels())
    for one, other in zip(seen, seen[1:], strict=False):
        assert (one != other).any()
    assert window.clean.view.tools.buttons["mask"].text() == "Mask on"


def test_the_menu_marks_what_is_on(window):
    entry = window.window.menus._entries[ActionId.CLEAN_MASK]
    window.wait(lambda: entry.isCheckable() and not entry.isChecked(), "the mark is off")
    window.press("M")
    window.wait(entry.isChecked, "the mark is on")


def test_pictures_are_exact_by_number(window):
    window.press("Right", "Right", "Right", "Left")
    player = window.clean.player
    assert player.index == 2
    assert (player.view.picture._before == player.clip.clip.frame(2)).all()
    window.press("End")
    assert player.index == player.clip.count - 1
    window.press("Home", "=", "Space")
    assert player.playing
    assert player.transport.speed == 1.5
    window.wait(lambda: player.index > 3, "playing")
    window.press("Space")
    assert not player.playing


def test_a_changed_margin_is_seen_at_once(window):
    panel, picture = window.clean.view.parameters, window.clean.view.picture
    panel.numbers["dilation_px"].setValue(4)
    assert picture.show_mask
    small = np.count_nonzero(picture._grown)
    panel.numbers["dilation_px"].setValue(20)
    assert np.count_nonzero(picture._grown) > small
    assert 0 < window.clean.player.preview_ms < 1000


def test_choices_are_saved_for_camera_and_task_and_found_again(window, root):
    panel = window.clean.view.parameters
    panel.numbers["dilation_px"].setValue(13)
    window.press("Ctrl+S")
    panel.numbers["dilation_px"].setValue(21)
    window.press("Ctrl+Shift+S")
    dataset = open_dataset(root)
    choices = load_choices(dataset)
    assert choices.parameters(CAMERA)[0].dilation_px == 13
    assert choices.parameters(CAMERA, "pick-up-the-ball")[0].dilation_px == 21
    window.close()
    again = CleanWindow(root)
    assert again.clean.view.parameters.numbers["dilation_px"].value() == 21
    assert "pick-up-the-ball" in again.clean.view.parameters.source.text()
    again.close()


def test_choices_are_reset_step_by_step(window, root):
    panel = window.clean.view.parameters
    assert not panel.reset.isEnabled()
    panel.numbers["dilation_px"].setValue(13)
    window.press("Ctrl+S")
    panel.numbers["dilation_px"].setValue(21)
    window.press("Ctrl+Shift+S")
    panel.numbers["dilation_px"].setValue(30)
    seen = []
    for _ in range(4):
        seen.append((panel.numbers["dilation_px"].value(), panel.reset.text()))
        window.press("Ctrl+Backspace")
    assert seen == [
        (30, "Back to what is saved"),
        (21, "Forget for this task"),
        (13, "Forget for this camera"),
        (8, "Defaults"),
    ]
    assert load_choices(open_dataset(root)).parameters(CAMERA)[1] == "default"


def test_a_result_that_is_older_than_drawing_or_choices_says_so(window, root):
    window.look()
    assert "older" not in window.clean.view.warnings.text()
    window.press("D")
    window.drag((40, 40), (60, 60))
    window.look()
    assert "older than what is drawn now" in window.clean.view.warnings.text()
    window.press("Ctrl+Z")
    window.look()
    assert "older" not in window.clean.view.warnings.text()
    window.clean.view.parameters.numbers["dilation_px"].setValue(13)
    window.press("Ctrl+S")
    window.look()
    assert "margin 8, now 13" in window.clean.view.warnings.text()


def test_pixels_are_compared_one_to_one_by_keys(window):
    picture = window.clean.view.picture
    for key, scale in (("1", 1.0), ("2", 2.0), ("4", 4.0)):
        window.press(key)
        assert picture._panes()[0].scale == scale
        assert window.clean.view.tools.buttons[key].isChecked()
    picture.set_zoom(8)
    left = picture._panes()[0].place.left()
    window.press("Ctrl+Right")
    assert picture._panes()[0].place.left() < left
    window.press("F")
    assert window.clean.view.tools.buttons["fit"].isChecked()


def test_the_seam_is_seen_while_it_is_chosen(window):
    panel, picture = window.clean.view.parameters, window.clean.view.picture
    panel.numbers["feather_px"].setValue(0)
    window.press("A")
    sharp = picture.shown_after().copy()
    panel.numbers["feather_px"].setValue(8)
    assert (picture.shown_after() != sharp).any()
    assert "preview" in picture._note
    panel.numbers["feather_px"].setValue(window.clean.player.clip.video.facts.parameters.feather_px)
    assert "preview" not in picture._note


def test_every_action_of_the_table_is_handled(window):
    for item in CLEAN_ACTIONS:
        assert window.clean.perform(item.id), item.id
    window.clean.batch.cancel()
    window.wait(lambda: not window.clean.batch.running, "the end of the batch")


def test_everything_that_takes_the_focus_has_a_name(window):
    assert unnamed_controls(window.window) == []
