"""Datasets that lie about themselves are refused before an episode of them appears."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hostile_datasets import LEROBOT, ROBOMIMIC, Make

from recorder.dataset import Dataset
from recorder.importers.guard import Guard
from recorder.importers.job import run_import
from recorder.importers.lerobot import LeRobotDataset
from recorder.importers.limits import Refused
from recorder.importers.robomimic import RobomimicDataset

CASES = [
    *[(f"lerobot: {name}", *case) for name, case in LEROBOT.items()],
    *[(f"robomimic: {name}", *case) for name, case in ROBOMIMIC.items()],
]
IMPORTED = (  # as a whole, through log and publication
    "lerobot: pictures of another size",
    "lerobot: states not a number",
    "lerobot: video from the far end",
    "lerobot: data path up",
    "robomimic: number of samples that lies",
)


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard() as made:
        yield made


def _read(source: Path, guard: Guard) -> None:
    """Everything an import reads, without writing any of it."""
    kind = LeRobotDataset if source.is_dir() else RobomimicDataset
    foreign = kind(source, guard)
    for at in range(len(foreign.lengths)):
        for stream in foreign.episode(at).streams:
            assert len(list(stream.samples())) == len(stream.stamp_ns)


@pytest.mark.parametrize(
    ("make", "says"),
    [case[1:] for case in CASES if case[0] not in IMPORTED],
    ids=[case[0] for case in CASES if case[0] not in IMPORTED],
)
def test_it_is_refused_with_a_sentence(make: Make, says: str, guard: Guard, tmp_path: Path) -> None:
    source = make(tmp_path / "foreign")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Refused) as refusal:
        _read(source, guard)
    _is_sentence(str(refusal.value), says)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("make", "says"),
    [case[1:] for case in CASES if case[0] in IMPORTED],
    ids=[case[0] for case in CASES if case[0] in IMPORTED],
)
def test_an_import_of_it_leaves_no_half_episode(
    make: Make, says: str, dataset: Dataset, tmp_path: Path
) -> None:
    source = make(tmp_path / "foreign")
    try:
        result = run_import(source, dataset)
    except Refused as refused:
        sentence = str(refused)
        published = 0
    else:
        (sentence,) = result.problems
        published = len(result.episodes)
    _is_sentence(sentence, says)
    assert len(dataset.published()) == published
    assert not list(dataset.logs_dir.iterdir())


def _is_sentence(text: str, says: str) -> None:
    assert re.search(says, text), text
    assert "\n" not in text
    assert len(text) < 600
