"""Drawing in Clean: strokes, outlines, boxes; kept, found beside the window, taken back."""

from __future__ import annotations

import threading

import pytest
from support.clean_window import CleanWindow
from support.fake_cleaner import CAMERA, FAKE, unsure_masks

from app.action_ids import ActionId
from recorder.cleaning.cleaning import CleanOptions, clean_episode
from recorder.cleaning.drawn import load_drawn
from recorder.cleaning.methods import Methods
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.place import ResultPlace
from recorder.dataset import open_dataset


def test_a_stroke_is_taken_back_after_the_window_was_closed(window, root):
    place = ResultPlace(open_dataset(root), window.clean.uuid, CAMERA)
    window.press("D")
    window.drag((40, 40), (60, 60))
    window.press("Right")
    window.drag((20, 20), (30, 30))
    window.close()
    again = CleanWindow(root)
    again.press("Ctrl+Z")
    assert [key.index for key in load_drawn(place)] == [0]
    assert again.clean.player.index == 1, "it shows where"
    again.press("Ctrl+Z")
    assert load_drawn(place) == ()
    again.press("Ctrl+Shift+Z")
    assert [key.index for key in load_drawn(place)] == [0]
    again.close()


def test_strokes_are_kept_shown_and_taken_back(window, root):
    place = ResultPlace(open_dataset(root), window.clean.uuid, CAMERA)
    window.press("Right", "D")
    window.drag((40, 40), (60, 60))
    window.drag((100, 80), (110, 90), right=True)
    (key,) = load_drawn(place)
    assert key.index == 1
    assert key.foreground[0][0] == pytest.approx((40, 40), abs=1.0)
    assert len(key.background) == 1
    window.wait(lambda: not window.clean.player.masks.working, "the mask of the strokes")
    assert window.clean.view.picture._mask[50, 50]
    window.press("Ctrl+Z")
    assert load_drawn(place)[0].background == ()
    window.press("Ctrl+Shift+Z", "Home", ".")
    assert window.clean.player.index == 1
    window.window.perform(ActionId.CLEAN_REMOVE)
    assert load_drawn(place) == ()


def test_a_stroke_never_stops_the_window(window, monkeypatch):
    go = threading.Event()
    masks = window.clean.player.masks
    monkeypatch.setattr(masks, "_find", lambda image, key: go.wait(20) and image[..., 0] > 300)
    window.press("D")
    window.drag((40, 40), (60, 60))
    picture = window.clean.view.picture
    assert "Finding the operator" in picture._note
    assert picture._mask[50, 50], "what was drawn counts at once"
    window.press("Right", "Left", "M", "M")
    go.set()
    window.wait(lambda: not masks.working, "the mask")
    assert "Finding" not in picture._note


def test_strokes_on_a_magnified_picture_lie_where_they_were_drawn(window, root):
    place = ResultPlace(open_dataset(root), window.clean.uuid, CAMERA)
    window.press("D")
    window.clean.view.picture.set_zoom(8)
    window.drag((80, 60), (90, 65))
    assert load_drawn(place)[0].foreground[0][0] == pytest.approx((80, 60), abs=0.5)
    assert load_drawn(place)[0].foreground[0][-1] == pytest.approx((90, 65), abs=0.5)


def test_outline_box_and_nobody_make_key_frames(window, root):
    place = ResultPlace(open_dataset(root), window.clean.uuid, CAMERA)
    window.press("B")
    window.drag((20, 20), (70, 60))
    assert load_drawn(place)[0].box == pytest.approx((20, 20, 70, 60), abs=1.5)
    window.press("O")
    for corner in ((20, 20), (80, 20), (50, 70)):
        window.drag(corner, corner)
    window.drag((50, 50), (50, 50), right=True)
    assert len(load_drawn(place)[0].polygon) == 3
    window.press("End", "K")
    assert load_drawn(place)[-1].is_empty


def test_unsure_pictures_are_suggested_one_after_the_other(qapp, root):
    dataset = open_dataset(root)
    clean_episode(
        dataset,
        dataset.episode_path(0),
        CleanParameters(),
        options=CleanOptions(methods=Methods(unsure_masks, FAKE.filler), again=True),
    )
    window = CleanWindow(root)
    assert window.clean.player.suggested()
    window.press("End", "G")
    assert window.clean.player.index in window.clean.player.suggested()
    window.close()
