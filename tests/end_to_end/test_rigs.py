"""Every rig records and replays from the command line, as a newcomer would try it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recorder.episode import Episode
from recorder.verify import verify_path

ROOT = Path(__file__).resolve().parents[2]
VIDEO = ROOT.parent / "shared" / "data" / "operator_removal" / "raw-1.mp4"


def thenar(*arguments: str | Path) -> dict:
    """Run the command line with ``--json`` and return what it reports."""
    command = [sys.executable, "-m", "app", *map(str, arguments), "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def record(dataset: Path, rig: str, mode: str, *extra: str | Path) -> Path:
    report = thenar(
        "record", "--rig", rig, "--mode", mode, "--seconds", "3", "--dataset", dataset, *extra
    )
    (take,) = report["episodes"]
    assert take["lost_samples"] == 0
    assert not [f for f in verify_path(Path(take["path"])) if f.level == "critical"]
    return Path(take["path"])


def test_both_hands_of_sim_bimanual_are_recorded_and_replayed(tmp_path):
    path = record(tmp_path / "dataset", "sim-bimanual", "exoskeleton")
    with Episode(path) as episode:
        for side in ("right", "left"):
            measured = episode.stream(f"{side}/joints_measured")
            assert measured.spec.labels[0] == f"{side}_wrist_x"
            moved = np.ptp(measured.rows(slice(None)), axis=0)
            assert moved.max() > 0.2, f"the {side} hand did not move"
            assert np.abs(episode.stream(f"{side}/taxels").rows(slice(None))).max() > 0.05
            calibration = episode.calibration[f"{side}_exoskeleton"]
            assert calibration["name"] == "ideal"
            assert len(calibration["joints"]) == 17
    report = thenar("replay", path)
    assert set(report["tracking"]) == set(report["final"]) == {"right", "left"}
    for error in (*report["tracking"].values(), *report["final"].values()):
        assert error["max_rad"] < 0.2
        assert error["max_m"] < 0.03
    assert min(error["samples"] for error in report["tracking"].values()) > 200


@pytest.mark.parametrize("rig", ["sim-leap", "sim-allegro"])
def test_the_other_hands_are_recorded_with_their_own_touch(tmp_path, rig):
    path = record(tmp_path / "dataset", rig, "kinesthetic")
    with Episode(path) as episode:
        assert len(episode.stream("right/joints_measured").spec.labels) == 22
        if rig == "sim-leap":
            gel = episode.stream("right_index/visuotactile")
            assert gel.spec.shape == (240, 320, 3)
            assert gel.frame(-1).std() > 5
        else:
            pressure = episode.stream("right/fingertip_pressure")
            assert pressure.spec.unit == "Pa"
            assert pressure.rows(slice(None)).max() > 0


def test_the_emulated_leap_hand_is_recorded_and_replayed(tmp_path):
    if not VIDEO.is_file():
        pytest.skip("the recorded clip that stands in for the camera is not beside the project")
    path = record(tmp_path / "dataset", "leap", "exoskeleton", "--emulate")
    with Episode(path) as episode:
        measured = episode.stream("right/joints_measured")
        assert len(measured.spec.labels) == 16
        assert np.ptp(measured.rows(slice(None)), axis=0).max() > 0.2
        assert episode.stream("front/rgb").frame(0).shape == (480, 640, 3)
    report = thenar("replay", path, "--emulate")
    assert report["final"]["right"]["max_rad"] < 0.2
    assert report["tracking"]["right"]["rms_rad"] < 0.1


def test_the_operator_and_the_truth_without_him_are_recorded_on_request(tmp_path):
    rig = (ROOT / "resources" / "rigs" / "sim-xhand.yaml").read_text()
    path = tmp_path / "truth.yaml"
    path.write_text(rig.replace("{name: front,", "{name: front, truth: true,"))
    with Episode(record(tmp_path / "dataset", str(path), "kinesthetic")) as episode:
        seen = episode.stream("front/rgb")
        clean = episode.stream("front/rgb_without_operator")
        mask = episode.stream("front/operator_mask")
        place = len(mask) // 2
        covered = mask.frame(place) > 127
        assert 0.01 < covered.mean() < 0.6
        at = clean.nearest(mask.time_s[place])
        with_operator = seen.frame(seen.nearest(mask.time_s[place])).astype(int)
        difference = np.abs(with_operator - clean.frame(at).astype(int)).max(axis=2)
        assert difference[covered].mean() > 20
        assert np.percentile(difference[~covered], 95) < 30, "JPEG error only"
