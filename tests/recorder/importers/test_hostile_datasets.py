"""Datasets that lie about themselves are refused before an episode of them appears."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.hostile_datasets import LEROBOT, ROBOMIMIC, Make

from recorder.dataset import Dataset
from recorder.importers.job import run_import
from recorder.importers.limits import Refused

CASES = [
    *[(f"lerobot: {name}", *case) for name, case in LEROBOT.items()],
    *[(f"robomimic: {name}", *case) for name, case in ROBOMIMIC.items()],
]


@pytest.mark.parametrize(("make", "says"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_it_is_refused_or_the_episode_left_out(
    make: Make, says: str, dataset: Dataset, tmp_path: Path
) -> None:
    source = make(tmp_path / "foreign")
    before = sorted(path for path in tmp_path.rglob("*") if dataset.root not in path.parents)
    try:
        result = run_import(source, dataset)
    except Refused as refused:
        sentence = str(refused)
        assert dataset.published() == []
    else:
        assert len(result.problems) == 1
        sentence = result.problems[0]
        assert result.episodes == (0,)
    assert re.search(says, sentence), sentence
    assert "\n" not in sentence
    assert len(sentence) < 600
    assert dataset.logs() == []
    assert not list(dataset.logs_dir.iterdir())
    assert before == sorted(
        path for path in tmp_path.rglob("*") if dataset.root not in path.parents
    )
