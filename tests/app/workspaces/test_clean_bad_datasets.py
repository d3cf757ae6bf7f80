"""Clean on datasets that are empty, odd, damaged, or went away."""

from __future__ import annotations

import os
from pathlib import Path

from support.clean_window import CleanWindow
from support.fake_cleaner import CAMERA, dataset_of_takes
from support.repository import ROOT

from app.clean_actions import CLEAN_ACTIONS
from app.workspaces.clean.clean_workspace import RELOAD_TICKS
from recorder.catalogue import Catalogue
from recorder.cleaning.failures import remember
from recorder.cleaning.result import cleaned_results
from recorder.cleaning.work import CleanOutcome
from recorder.dataset import open_dataset
from recorder.synthetic import SyntheticTake, write_take


def infos(root: Path):
    return cleaned_results(open_dataset(root))[0]


def test_a_damaged_result_is_said_and_the_recording_shown(qapp, root):
    path = infos(root)[0].path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:3000])
    window = CleanWindow(root)
    assert window.states[0] == "failed"
    assert window.clean.view.picture.shown_before() is not None
    assert "clean it again" in window.clean.view.warnings.text()
    window.close()


def test_the_catalogue_is_read_again_only_when_it_changed(window, root, monkeypatch):
    reads = []
    rows = Catalogue.rows
    monkeypatch.setattr(Catalogue, "rows", lambda self: reads.append(1) or rows(self))
    for _ in range(2 * RELOAD_TICKS):
        window.clean.refresh()
    assert reads == []
    write_take(open_dataset(root), SyntheticTake(number=3, seconds=0.2, seed=9))
    for _ in range(RELOAD_TICKS):
        window.clean.refresh()
    assert reads == [1]
    assert len(window.states) == 4


def test_a_catalogue_that_went_away_is_said_once_and_the_episodes_stay(window, monkeypatch):
    def gone(catalogue):
        raise OSError("unable to open database file")

    monkeypatch.setattr("app.workspaces.clean.clean_desk.Catalogue.revision", gone)
    for _ in range(2 * RELOAD_TICKS):
        window.clean.refresh()
    assert "unable to open database file" in window.said
    assert len(window.states) == 3


def test_a_result_stays_good_when_cleaning_it_again_fails(qapp, root):
    info = infos(root)[0]
    failed = CleanOutcome(0, CAMERA, "failed", "out of memory", uuid=info.uuid)
    remember(open_dataset(root), failed)
    window = CleanWindow(root)
    assert window.states[0] == "proposed"
    assert "Cleaning it again failed: out of memory" in window.clean.view.warnings.text()
    window.press("Return")
    assert infos(root)[0].state == window.states[0] == "accepted"
    window.close()


def test_an_empty_dataset_says_what_to_do(qapp, tmp_path):
    open_dataset(tmp_path / "empty", create=True)
    window = CleanWindow(tmp_path / "empty")
    assert "Record a take" in window.clean.view.picture._empty[1]
    for item in CLEAN_ACTIONS:
        window.window.perform(item.id)
    assert not window.clean.batch.running
    window.close()


def test_an_episode_of_one_picture_is_shown_drawn_on_and_cleaned(qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests"), str(ROOT)]))
    dataset_of_takes(tmp_path / "one", seconds=0.04)
    window = CleanWindow(tmp_path / "one")
    assert window.clean.player.clip.count == 1
    window.press("Right", "End", "Space", "D")
    window.drag((40, 40), (60, 60))
    window.press("Ctrl+B")
    window.wait(lambda: not window.clean.batch.running, "the end of the batch")
    window.look()
    assert window.states == ["proposed"]
    assert window.clean.player.clip.video.count == 1
    window.close()


def test_episodes_without_a_camera_say_so(qapp, tmp_path):
    dataset = open_dataset(tmp_path / "blind", create=True)
    write_take(dataset, SyntheticTake(seconds=0.5, cameras=()))
    window = CleanWindow(tmp_path / "blind")
    assert "camera" in window.clean.view.picture._empty[1]
    for item in CLEAN_ACTIONS:
        window.window.perform(item.id)
    window.wait(lambda: not window.clean.batch.running, "the end of the batch")
    window.close()


def test_cameras_of_later_episodes_are_offered_and_where_one_is_missing_it_is_said(qapp, tmp_path):
    dataset = open_dataset(tmp_path / "mixed", create=True)
    write_take(dataset, SyntheticTake(number=0, seconds=0.2, cameras=("front",)))
    write_take(dataset, SyntheticTake(number=1, seconds=0.2, cameras=("front", "side")))
    window = CleanWindow(dataset.root)
    assert set(window.clean.desk.cameras) == {"front/rgb", "side/rgb"}
    window.clean.set_camera("side/rgb")
    assert "side/rgb" in window.clean.view.picture._empty[1]
    window.press("Down")
    assert window.clean.player.clip.count > 0
    window.close()
