"""Datasets of short made-up episodes with numbered pictures; made once, copied before use."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from policies.policy_config import CameraChoice, PolicyConfig
from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, open_dataset
from recorder.synthetic import SyntheticTake, write_take

SIZE = (160, 120)
WHOLE = CameraChoice(stream="front/rgb", size=SIZE)


@pytest.fixture(scope="session")
def made_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three takes of 1.5 s; pictures 20 to 24 of the second never arrived."""
    root = tmp_path_factory.mktemp("learn")
    dataset = open_dataset(root, create=True)
    for number in range(3):
        lost = {"front/rgb": frozenset(range(20, 25))} if number == 1 else None
        write_take(dataset, SyntheticTake(number=number, seconds=1.5, seed=number, lost=lost))
    Catalogue(dataset)
    return root


@pytest.fixture
def data(made_data: Path, tmp_path: Path) -> Dataset:
    """An own copy."""
    return open_dataset(shutil.copytree(made_data, tmp_path / "data"))


@pytest.fixture
def config() -> PolicyConfig:
    """Whole pictures at their recorded size, nothing changed or hidden."""
    return PolicyConfig(
        size="tiny", cameras=(WHOLE,), crop=1.0, colour=0.0, modality_dropout=0.0, batch=4
    )


@pytest.fixture
def edited() -> Callable[[Path, Callable[[h5py.File], None]], None]:
    """Change a published file as no program of ours would."""

    def edit(path: Path, change: Callable[[h5py.File], None]) -> None:
        path.chmod(0o644)
        with h5py.File(path, "r+") as file:
            change(file)

    return edit
