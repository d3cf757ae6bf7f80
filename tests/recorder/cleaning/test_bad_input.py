"""Whatever is wrong with an episode or its masks is a sentence; the batch goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from support.bad_takes import DAMAGED, PICTURES, SIZE, write_bad_take

from recorder.cleaning.failures import failures
from recorder.cleaning.job import CleanSummary, run_clean
from recorder.cleaning.plan import CleanPlan
from recorder.cleaning.result import CleanedVideo, cleaned_results
from recorder.dataset import Dataset, open_dataset

KINDS = ("good", "one", "tripod", "exposure", "uncalibrated", "garbage", "small", "empty")
SAYS = {
    "one": "there is only one picture",
    "tripod": "moved between pictures 7 and 8; split the episode there, or choose mode 'moving'",
    "uncalibrated": "calibration",
    "garbage": f"picture {DAMAGED} of 'front/rgb' cannot be decoded .*thenar verify",
    "small": f"picture {DAMAGED} of 'front/rgb' cannot be decoded .*expected u1",
    "empty": "recorded no pictures; leave the episode out with --episodes",
}


@pytest.fixture(scope="module")
def batch(tmp_path_factory) -> tuple[Dataset, CleanSummary]:
    """One batch over an episode of every kind."""
    dataset = open_dataset(tmp_path_factory.mktemp("bad") / "dataset", create=True)
    for number, kind in enumerate(KINDS):
        write_bad_take(dataset, number, kind)
    return dataset, run_clean(CleanPlan(dataset=dataset.root))


def test_the_batch_goes_on_and_counts_what_failed(batch):
    dataset, summary = batch
    ended = dict(zip(KINDS, [one.outcome for one in summary.outcomes], strict=True))
    assert [kind for kind, outcome in ended.items() if outcome == "failed"] == [
        "garbage",
        "small",
        "empty",
    ]
    assert summary.count("cleaned") == len(cleaned_results(dataset)[0]) == 5
    assert [one.number for one in failures(dataset)] == [5, 6, 7]


@pytest.mark.parametrize("kind", SAYS)
def test_every_doubt_is_a_sentence(batch, kind):
    outcome = batch[1].outcomes[KINDS.index(kind)]
    said = [outcome.error] if outcome.outcome == "failed" else list(outcome.warnings)
    assert any(matches(SAYS[kind], sentence) for sentence in said), said
    assert not any("\n" in sentence or "fault of the program" in sentence for sentence in said)
    assert len(said) == len(set(said))


def test_a_jump_of_exposure_leaves_no_step_in_the_filled_pixels(batch):
    dataset, summary = batch
    with CleanedVideo(summary.outcomes[KINDS.index("exposure")].path) as video:
        index = PICTURES // 2 + 1
        filled = video.layers(index) > 0
        assert filled.any()
        ring = cv2.dilate(filled.astype(np.uint8), np.ones((7, 7))) > filled
        picture = video.image(index).mean(axis=2)
        assert abs(picture[filled].mean() - picture[ring].mean()) < 25


def test_nobody_is_told_once(batch):
    warnings = batch[1].outcomes[KINDS.index("one")].warnings
    assert sum("no operator was found" in one for one in warnings) == 1


def box(index: int) -> NDArray[np.uint8]:
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    mask[40:, 4 * index : 4 * index + 30] = 255
    return mask


def always(index: int) -> NDArray[np.uint8]:
    return box(8)


def full(index: int) -> NDArray[np.uint8]:
    return np.full((SIZE[1], SIZE[0]), 255, np.uint8)


def folder(path: Path, mask: Callable[[int], NDArray], count: int = PICTURES) -> Path:
    path.mkdir()
    for index in range(count):
        cv2.imwrite(str(path / f"{index:05d}.png"), mask(index))
    return path


def unknown_codec(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "gray"
        for index in range(PICTURES):
            frame = av.VideoFrame.from_ndarray(box(index), format="gray")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace(b"V_FFV1", b"V_XQZ7").replace(b"FFV1", b"XQZ7"))
    return path


def nobody(index: int) -> NDArray[np.uint8]:
    return np.zeros((SIZE[1], SIZE[0]), np.uint8)


MASKS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty": (lambda path: folder(path, nobody), "is empty"),
    "full": (lambda path: folder(path, full), "covers the whole picture"),
    "other size": (lambda path: folder(path, lambda at: box(at)[:50]), "128x50 .*128x96; give"),
    "too few": (lambda path: folder(path, box, PICTURES - 1), "has 15 masks for the 16 pictures"),
    "codec": (lambda path: unknown_codec(path.with_suffix(".mkv")), "codec of .* is unknown here"),
}


@pytest.mark.parametrize("what", MASKS)
def test_masks_that_cannot_be_used_fail_the_episode(batch, tmp_path, what):
    make, says = MASKS[what]
    dataset, _ = batch
    before = [info.digest for info in cleaned_results(dataset)[0]]
    plan = CleanPlan(
        dataset=dataset.root,
        episodes=(0,),
        masks_from=make(tmp_path / "masks"),
        parameters={"masks": "imported"},
    )
    (outcome,) = run_clean(plan).outcomes
    assert outcome.outcome == "failed"
    assert matches(says, outcome.error), outcome.error
    assert [info.digest for info in cleaned_results(dataset)[0]] == before


def test_what_the_operator_hides_all_the_time_is_guessed_and_said(batch, tmp_path):
    dataset, _ = batch
    plan = CleanPlan(
        dataset=dataset.root,
        episodes=(4,),  # without calibration
        masks_from=folder(tmp_path / "masks", always),
        parameters={"masks": "imported"},
    )
    (outcome,) = run_clean(plan).outcomes
    assert outcome.outcome == "cleaned"
    assert any(matches("% of what was hidden was guessed", one) for one in outcome.warnings)


def matches(pattern: str, sentence: str) -> bool:
    return re.search(pattern, sentence) is not None
