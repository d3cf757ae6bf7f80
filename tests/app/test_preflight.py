"""What is wrong with a rig is said in one sentence before any process starts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.own_hand import write_own_hand, write_rig

from app.preflight import check_rig
from devices.hand_driver import DeviceError
from devices.rig import RigError, load_rig, rig_files
from recorder.episode import Episode

ROOT = Path(__file__).resolve().parents[2]


def record(rig: Path, dataset: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", "record", "--rig", str(rig), "--dataset", str(dataset)]
    return subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("name", list(rig_files()))
def test_the_rigs_of_the_program_pass(name):
    check_rig(load_rig(name))


def test_a_hand_file_that_lacks_joints_stops_the_start_in_one_sentence(tmp_path):
    write_own_hand(tmp_path / "own.xml", without_joint="thumb_joint2")
    done = record(write_rig(tmp_path / "my.yaml", "own.xml"), tmp_path / "dataset")
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"thenar: rig 'my-hand': hand file '{tmp_path / 'own.xml'}' ")
    assert line.endswith(
        "lacks 1 of the 12 joints of hand model 'xhand': thumb_joint2; rename its joints or "
        "choose another model"
    )
    assert not (tmp_path / "dataset").exists()


def test_a_missing_hand_file_and_an_unknown_object_are_named(tmp_path):
    with pytest.raises(RigError, match=r"'my-hand'.*absent.urdf' does not exist"):
        check_rig(load_rig(write_rig(tmp_path / "my.yaml", "absent.urdf")))
    rig = load_rig("sim-xhand")
    world = rig.world.model_copy(update={"objects": ("teapot",)})
    with pytest.raises(RigError, match="'teapot' is unknown; known objects"):
        check_rig(rig.model_copy(update={"world": world}))


def test_an_unknown_driver_is_named_with_those_that_are_known():
    rig = load_rig("sim-xhand")
    hand = rig.hands[0].model_copy(update={"driver": "telepathy"})
    with pytest.raises(DeviceError, match="'telepathy' is unknown; known hand drivers"):
        check_rig(rig.model_copy(update={"hands": (hand,)}))


def test_a_rig_with_an_own_hand_file_records(tmp_path):
    write_own_hand(tmp_path / "own.xml")
    rig = write_rig(tmp_path / "my.yaml", "own.xml")
    done = record(rig, tmp_path / "dataset", "--seconds", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    with Episode(next((tmp_path / "dataset" / "episodes").glob("*.h5"))) as episode:
        assert episode.rig["world"]["model_file"] == str(tmp_path / "own.xml")
        joints = episode.stream("right/joints_measured")
        assert len(joints) > 200
        moved = np.ptp(joints.rows(slice(None)), axis=0)
        assert moved.max() > 0.05, "the scripted operator pulls the hand of the file"
