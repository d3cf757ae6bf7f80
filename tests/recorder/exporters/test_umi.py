"""A UMI archive holds, row by row, what was recorded, as zarr and UMI's rules read it."""

import zipfile

import cv2
import numpy as np
import pytest
import zarr

from devices.rig import load_rig
from recorder.dataset import open_dataset
from recorder.exporters.episode_rows import open_export_episode
from recorder.exporters.job import run_export
from recorder.exporters.label_columns import EpisodeLabels
from recorder.exporters.plan import ExportPlan
from recorder.exporters.umi import letterboxed
from recorder.synthetic import SyntheticTake, frame_number, write_take

SIZE = (160, 120)


@pytest.fixture
def exported(plan):
    wanted = plan("umi", image_size=SIZE)
    run_export(wanted)
    with zarr.ZipStore(str(wanted.out / "dataset.zarr.zip"), mode="r") as store:
        yield zarr.open_group(store, mode="r")


def _rows(plan, takes, number):
    return open_export_episode(plan("lerobot"), takes.episode_path(number), EpisodeLabels())


def test_all_arrays_have_the_length_of_the_last_episode_end(exported):
    ends = exported["meta/episode_ends"]
    assert ends.dtype == np.int64
    assert ends.compressor is None
    assert ends[:].tolist() == [45, 96, 153]
    assert all(len(array) == 153 for _, array in exported["data"].arrays())


def test_every_picture_is_that_of_its_row_and_lost_ones_are_repeated_and_marked(
    exported, plan, takes
):
    ends = [0, *exported["meta/episode_ends"][:]]
    for number in range(3):
        part = slice(ends[number], ends[number + 1])
        with _rows(plan, takes, number) as rows:
            wanted = list(rows.frames(rows.cameras[0]))
        shown = exported["data/camera0_rgb"][part]
        assert np.array_equal(shown, np.stack(wanted))
        numbers = [frame_number(picture) for picture in shown]
        valid = exported["data/valid_front_rgb"][part, 0]
        lost = np.flatnonzero(valid == 0).tolist()
        assert lost == ([7, 8, 20] if number == 0 else [])
        assert all(n == row for row, n in enumerate(numbers) if row not in lost)
        assert all(abs(numbers[row] - row) <= 2 for row in lost)


def test_pictures_are_one_per_chunk(exported):
    assert exported["data/camera0_rgb"].chunks == (1, 120, 160, 3)
    assert exported.attrs["cameras"] == {"camera0_rgb": "front/rgb"}


def test_numbers_cross_the_borders_of_chunks_unharmed(plan, takes, monkeypatch):
    monkeypatch.setattr("recorder.exporters.umi.CHUNK_BYTES", 40)  # a few rows, or less than one
    wanted = plan("umi", cameras=())
    run_export(wanted)
    with zarr.ZipStore(str(wanted.out / "dataset.zarr.zip"), mode="r") as store:
        data = zarr.open_group(store, mode="r")["data"]
        assert data["robot0_eef_pos"].chunks[0] == 3
        assert data["robot0_taxels"].chunks == (1, 5, 120, 3)
        found = {key: data[f"robot0_{key}"][:] for key in ("joint_pos", "taxels")}
    states, taxels = [], []
    for number in range(3):
        with _rows(plan, takes, number) as rows:
            states.append(rows.columns["observation.state"].data[:, 6:].astype(np.float32))
            taxels.append(rows.columns["observation.taxels.right"].data)
    assert np.array_equal(found["joint_pos"], np.concatenate(states))
    assert np.array_equal(found["taxels"].reshape(153, -1), np.concatenate(taxels))


def test_the_wrist_of_state_and_action_is_a_pose(exported):
    data = exported["data"]
    ends = exported["meta/episode_ends"][:]
    pose = np.hstack([data["robot0_eef_pos"][:], data["robot0_eef_rot_axis_angle"][:]])
    assert np.array_equal(data["robot0_demo_start_pose"][ends[0]], pose[ends[0]])
    assert np.array_equal(data["robot0_demo_end_pose"][ends[0]], pose[ends[1] - 1])
    action = data["action"][: ends[0] - 1]  # measured one row later
    np.testing.assert_allclose(action[:, :6], pose[1 : ends[0]], atol=0.02)
    names = exported.attrs["names"]["action"]
    assert names[:7] == ["robot0_x", "robot0_y", "robot0_z", "robot0_rotation_x",
                         "robot0_rotation_y", "robot0_rotation_z", names[6]]  # fmt: skip
    assert names[6].startswith("right_")
    assert names[-1].endswith("_normal_force")
    assert len(names) == data["action"].shape[1]


def test_the_hand_closes_while_it_grasps(exported):
    width = exported["data/robot0_gripper_width"][: exported["meta/episode_ends"][0], 0]
    assert width[len(width) // 2] < 0.8 * width[0]


def test_facts_of_the_episodes_stand_in_meta(exported):
    assert exported["meta/episode_success"][:].tolist() == [1, 1, 0]
    assert exported["meta/episode_number"][:].tolist() == [0, 1, 2]


def test_real_stamps_stay_as_integers(exported):
    stamps = exported["data/time_ns_front_rgb"]
    assert stamps.dtype == np.int64
    assert stamps[1, 0] - stamps[0, 0] == 33_333_333


def test_pictures_are_224_by_224_with_bars_unless_a_size_is_asked_for(plan):
    wanted = plan("umi")
    run_export(wanted)
    with zarr.ZipStore(str(wanted.out / "dataset.zarr.zip"), mode="r") as store:
        pictures = zarr.open_group(store, mode="r")["data/camera0_rgb"]
        assert pictures.shape[1:] == (224, 224, 3)
        first = pictures[3]
    assert not first[:28].any()
    assert not first[-28:].any()
    inner = cv2.resize(first[28:-28], SIZE, interpolation=cv2.INTER_AREA)
    assert frame_number(inner) == 3


def test_a_tall_picture_gets_bars_left_and_right():
    shown = letterboxed(np.full((64, 32, 3), 200, np.uint8), (224, 224))
    assert not shown[:, :56].any()
    assert (shown[:, 56:168] == 200).all()


def test_the_zip_says_no_date_of_its_making(plan):
    wanted = plan("umi", cameras=())
    run_export(wanted)
    with zipfile.ZipFile(wanted.out / "dataset.zarr.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        names = archive.namelist()
    assert len(names) == len(set(names))


def test_two_hands_are_two_robots_whose_actions_lie_side_by_side(tmp_path):
    dataset = open_dataset(tmp_path / "two", create=True)
    write_take(dataset, SyntheticTake(seconds=1.0), load_rig("sim-bimanual"))
    out = tmp_path / "out"
    run_export(ExportPlan(dataset=dataset.root, out=out, format="umi", cameras=()))
    with zarr.ZipStore(str(out / "dataset.zarr.zip"), mode="r") as store:
        root = zarr.open_group(store, mode="r")
        names, action = root.attrs["names"]["action"], root["data/action"][:]
        joints = [root[f"data/robot{n}_joint_pos"].shape[1] for n in range(2)]
        second = 6 + joints[0]
        assert names[0] == "robot0_x"
        assert names[second] == "robot1_x"
        assert sum(name.endswith("_normal_force") for name in names) == 10
        assert names.index(next(n for n in names if n.endswith("_normal_force"))) == (
            second + 6 + joints[1]
        )
        for robot, at in ((0, 0), (1, second)):
            np.testing.assert_allclose(
                action[:-1, at : at + 3], root[f"data/robot{robot}_eef_pos"][1:], atol=2e-3
            )
