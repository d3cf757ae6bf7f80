"""What leaves as LeRobot or robomimic comes back with the same joints, pictures and facts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recorder.dataset import Dataset, open_dataset
from recorder.episode import Episode
from recorder.exporters.job import run_export
from recorder.exporters.plan import ExportPlan
from recorder.importers.job import run_import
from recorder.synthetic import SyntheticTake, frame_number, write_take
from recorder.verify import verify_path

SECONDS = 2.0
CODED_LEVELS = 3.0  # mean error, of 255, of H.264 and JPEG on flat areas with edges


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Dataset:
    dataset = open_dataset(tmp_path_factory.mktemp("source") / "d", create=True)
    for number, outcome in enumerate(("success", "failure")):
        write_take(
            dataset,
            SyntheticTake(number, SECONDS, source="exoskeleton", outcome=outcome),
        )
    return dataset


@pytest.mark.parametrize("format_name", ["lerobot", "robomimic"])
def test_an_export_comes_back_equal(
    format_name: str, source: Dataset, dataset: Dataset, tmp_path: Path
) -> None:
    out = tmp_path / "export"
    plan = ExportPlan(
        dataset=source.root, out=out, format=format_name, rate_hz=30, cameras=("front/rgb",)
    )
    run_export(plan)
    result = run_import(out, dataset)
    assert result.episodes == (0, 1)
    assert result.problems == ()
    for number in (0, 1):
        with (
            Episode(source.episode_path(number)) as before,
            Episode(dataset.episode_path(number)) as after,
        ):
            assert after.outcome == before.outcome
            for name in ("task", "instruction", "operator_code", "rig_name"):
                assert after.attributes[name] == before.attributes[name]
            assert after.rig == before.rig
            _compare_joints(before, after)
            _compare_pictures(before, after, exact=format_name == "robomimic")
            assert after.configuration["header"]["notes"]["clock"].startswith("recorded clock")
    assert not [f for f in verify_path(dataset.root) if f.level != "note"]


def _compare_joints(before: Episode, after: Episode) -> None:
    assert after.stream("right/taxels").spec.shape == before.stream("right/taxels").spec.shape
    for name in ("right/joints_measured", "right/joints_sent"):
        stream = after.stream(name)
        recorded = before.stream(name)
        assert stream.spec.labels == recorded.spec.labels
        rows_s = (stream.stamp_ns - recorded.stamp_ns[0]) / 1e9
        times_s = (recorded.stamp_ns - recorded.stamp_ns[0]) / 1e9
        at = recorded.rows(slice(None))
        expected = np.stack([np.interp(rows_s, times_s, column) for column in at.T], axis=1)
        held = at[np.searchsorted(times_s, rows_s + 1e-9) - 1]
        error = np.minimum(np.abs(stream.rows(slice(None)) - expected).max(axis=1),
                           np.abs(stream.rows(slice(None)) - held).max(axis=1))  # fmt: skip
        assert error.max() < 1e-6  # float32 of radians


def _compare_pictures(before: Episode, after: Episode, exact: bool) -> None:
    recorded, stream = before.stream("front/rgb"), after.stream("front/rgb")
    assert set(stream.stamp_ns) <= set(recorded.stamp_ns)
    for index, stamp_ns in enumerate(stream.stamp_ns):
        there = recorded.frame(int(np.searchsorted(recorded.stamp_ns, stamp_ns)))
        here = stream.frame(index)
        assert frame_number(here) == frame_number(there)
        if exact:
            assert np.array_equal(here, there)
        else:
            assert np.abs(here.astype(float) - there).mean() < CODED_LEVELS
