"""The pictures of Clean in the documentation: every view once, and the camera on the wrist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from support.clean_window import CleanWindow
from support.fake_cleaner import FAKE

from app.clean_pictures import CleanPhotographer
from app.screenshots import PARTS
from app.stepper import Wait
from recorder.cleaning.job import run_clean
from recorder.cleaning.plan import CleanPlan
from recorder.dataset import open_dataset
from recorder.synthetic import SyntheticTake, write_take


def test_every_view_is_photographed_and_the_window_closes(qapp, tmp_path: Path):
    dataset = open_dataset(tmp_path / "dataset", create=True)
    write_take(dataset, SyntheticTake(seconds=0.5, cameras=("front", "wrist")))
    run_clean(CleanPlan(dataset=dataset.root), methods=FAKE)
    window = CleanWindow(dataset.root)
    view = window.clean.view
    seen: list[tuple[str, str, str, bool]] = []

    def shots(name: str) -> Iterator[Wait]:
        found = view.picture._mask is not None and bool(view.picture._mask.any())
        seen.append((name, window.clean.desk.camera, view.picture.view, found))
        yield Wait(lambda: True, 1.0, "nothing")

    photographer = CleanPhotographer(window.window, shots)
    window.wait(lambda: not window.window.isVisible(), "the end of the pictures")
    assert photographer.stepper.problem == ""
    assert seen == [
        ("wipe", "front/rgb", "wipe", False),
        ("side", "front/rgb", "side", False),
        ("layers", "front/rgb", "cleaned", False),
        ("drawing", "front/rgb", "wipe", True),
        ("wrist", "wrist/rgb", "wipe", True),
    ]


def test_clean_is_part_of_the_screenshots():
    assert "clean" in PARTS
