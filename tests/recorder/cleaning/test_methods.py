"""Which masks a choice means for which camera."""

from __future__ import annotations

from pathlib import Path

from support.fake_cleaner import CAMERA, dataset_of_takes

from recorder.catalogue import Catalogue
from recorder.cleaning.drawn import save_drawn
from recorder.cleaning.job import run_clean
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.place import ResultPlace
from recorder.cleaning.plan import CleanPlan
from recorder.cleaning.result import open_cleaned


def test_automatic_masks_of_a_carried_camera_are_those_that_were_drawn(tmp_path: Path):
    dataset = dataset_of_takes(tmp_path / "dataset", seconds=0.2)
    plan = CleanPlan(dataset=dataset.root, parameters={"mode": "moving"})
    (outcome,) = run_clean(plan).outcomes
    assert outcome.outcome == "failed"
    assert "draw the operator on a few pictures" in outcome.error
    uuid = Catalogue(dataset).rows()[0].uuid
    drawn = KeyFrame(index=2, polygon=((40.0, 40.0), (90.0, 40.0), (90.0, 90.0), (40.0, 90.0)))
    save_drawn(ResultPlace(dataset, uuid, CAMERA), (drawn,))
    (outcome,) = run_clean(plan).outcomes
    assert outcome.outcome == "cleaned", outcome.error
    with open_cleaned(dataset, uuid, CAMERA) as video:
        mask = video.mask(2)
    assert mask[45:85, 45:85].mean() > 0.9
    assert not mask[:30].any()
