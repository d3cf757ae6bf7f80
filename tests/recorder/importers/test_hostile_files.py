"""Every hostile file ends as one sentence; this process, its files and its time are untouched."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hostile import ALL, Hostile

from recorder.importers.guard import Guard
from recorder.importers.limits import Limits, Refused

LIMITS = Limits(hdf5_objects=2000, files=500, silence_s=20.0)
LONGEST_S = 15.0  # of one refusal on a busy machine; a stall would take ``silence_s``
CANARY = "nobody may change this"


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard(LIMITS) as made:
        yield made


@pytest.mark.parametrize("hostile", ALL, ids=lambda one: f"{one.kind}: {one.name}")
def test_it_is_refused_with_a_sentence(hostile: Hostile, guard: Guard, tmp_path: Path) -> None:
    folder = tmp_path / "foreign"
    folder.mkdir()
    canary = tmp_path / "evil"
    canary.write_text(CANARY)
    path = folder / "sample"
    hostile.make(path)
    before = sorted(tmp_path.rglob("*"))
    started_s = time.monotonic()
    with pytest.raises(Refused) as refusal:
        list(guard.ask(f"{hostile.kind}.check", path))
    assert time.monotonic() - started_s < LONGEST_S
    sentence = str(refusal.value)
    assert re.search(hostile.says, sentence), sentence
    assert "sample" in sentence
    assert "\n" not in sentence
    assert len(sentence) < 600
    assert sorted(tmp_path.rglob("*")) == before
    assert canary.read_text() == CANARY
    assert not Path("/tmp/evil").exists()


def test_there_are_many_of_them() -> None:
    assert len(ALL) >= 60
