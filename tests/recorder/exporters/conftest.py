"""Datasets of made-up episodes with numbered pictures, made once per run and never written to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, open_dataset
from recorder.exporters.plan import ExportPlan
from recorder.synthetic import SyntheticTake, write_take

LOST = frozenset({7, 8, 20})  # pictures of episode 0 that never arrived


@pytest.fixture(scope="session")
def made_takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three kinesthetic takes; episode 0 lost pictures, 2 is a failure of somebody else."""
    root = tmp_path_factory.mktemp("takes")
    dataset = open_dataset(root, create=True)
    for number in range(3):
        write_take(
            dataset,
            SyntheticTake(
                number=number,
                seconds=1.5 + 0.2 * number,
                seed=number + 1,
                lost={"front/rgb": LOST} if number == 0 else None,
                outcome="failure" if number == 2 else "success",
                operator_code="P77" if number == 2 else "P01",
            ),
        )
    Catalogue(dataset)
    return root


@pytest.fixture
def takes(made_takes: Path, tmp_path: Path) -> Dataset:
    """A copy of the made-up takes that a test may write labels into."""
    root = tmp_path / "takes"
    shutil.copytree(made_takes, root)
    return open_dataset(root)


@pytest.fixture
def plan(takes: Dataset, tmp_path: Path) -> Callable[..., ExportPlan]:
    """Build a plan for the takes."""

    def build(format_name: str = "lerobot", **choices) -> ExportPlan:
        choices.setdefault("out", tmp_path / "out")
        return ExportPlan.model_validate({"dataset": takes.root, "format": format_name, **choices})

    return build


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Bytes of every file below a folder, by relative name."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read
