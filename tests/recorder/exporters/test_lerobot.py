"""A LeRobot export holds, row by row, what was recorded, in the layout its readers look up."""

import json

import av
import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from recorder.exporters.episode_rows import open_export_episode
from recorder.exporters.job import run_export
from recorder.exporters.label_columns import EpisodeLabels
from recorder.exporters.video import VideoWriter
from recorder.synthetic import SyntheticTake, frame_number, write_take

KEY = "observation.images.front_rgb"


@pytest.fixture
def exported(plan):
    wanted = plan()
    run_export(wanted)
    return wanted.out


def _info(out):
    return json.loads((out / "meta/info.json").read_text())


def _rows(out, index):
    return pq.read_table(out / f"data/chunk-000/file-{index:03d}.parquet")


def _episodes(out):
    return pq.read_table(out / "meta/episodes/chunk-000/file-000.parquet").to_pylist()


def _decoded(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [(float(frame.pts * stream.time_base), frame.to_ndarray(format="rgb24"))
                for frame in container.decode(stream)]  # fmt: skip


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_video_shows_at_every_row_the_picture_the_row_stands_for(exported, plan, takes, index):
    decoded = _decoded(exported / f"videos/{KEY}/chunk-000/file-{index:03d}.mp4")
    table = _rows(exported, index)
    path = takes.episode_path(index)
    with open_export_episode(plan(), path, EpisodeLabels()) as rows:
        wanted = [frame_number(picture) for picture in rows.frames(rows.cameras[0])]
    assert [frame_number(picture) for _, picture in decoded] == wanted
    assert len(decoded) == table.num_rows
    valid = table["observation.valid.front_rgb"].to_pylist()
    assert [row for row, good in enumerate(valid) if not good] == ([7, 8, 20] if index == 0 else [])


@pytest.mark.parametrize("rate_hz", [7, 30, 45, 60, 64])
def test_picture_k_of_a_video_is_at_exactly_k_over_the_rate(tmp_path, rate_hz):
    picture = np.zeros((48, 64, 3), np.uint8)
    with VideoWriter(tmp_path / "v.mp4", rate_hz, (64, 48)) as video:
        for _ in range(3 * rate_hz):
            video.add(picture)
    with av.open(str(tmp_path / "v.mp4")) as container:
        stream = container.streams.video[0]
        found = [frame.pts * stream.time_base for frame in container.decode(stream)]
        assert stream.average_rate == rate_hz
        assert not stream.codec_context.has_b_frames
    assert [float(at * rate_hz) for at in found] == list(range(3 * rate_hz))


def test_pictures_of_odd_size_keep_their_content_and_gain_a_line(tmp_path):
    picture = np.full((49, 65, 3), 90, np.uint8)
    with VideoWriter(tmp_path / "v.mp4", 30, (65, 49)) as video:
        video.add(picture)
    ((_, shown),) = _decoded(tmp_path / "v.mp4")
    assert shown.shape == (50, 66, 3)
    assert abs(int(shown[-1, -1, 0]) - 90) < 4


def test_features_describe_every_column_with_its_dtype_and_shape(exported):
    features = _info(exported)["features"]
    table = _rows(exported, 0)
    assert set(table.column_names) == {n for n, one in features.items() if one["dtype"] != "video"}
    for name in table.column_names:
        kind = table.schema.field(name).type
        width = features[name]["shape"][0]
        assert len(features[name]["shape"]) == 1
        if width > 1:
            assert kind.list_size == width
            kind = kind.value_type
        assert str(kind).replace("float", "float32") == features[name]["dtype"]
        assert "/" not in name
    assert features[KEY]["shape"] == [120, 160, 3]
    assert features["observation.taxels.right"]["shape_of_one"] == [5, 120, 3]
    known = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert list(known) == table.column_names


def test_index_is_global_frame_index_restarts_and_timestamp_follows_it(exported):
    before = 0
    for index in range(3):
        table = _rows(exported, index)
        count = table.num_rows
        assert table["index"].to_pylist() == list(range(before, before + count))
        assert table["frame_index"].to_pylist() == list(range(count))
        assert set(table["episode_index"].to_pylist()) == {index}
        np.testing.assert_array_equal(
            table["timestamp"].to_numpy(), (np.arange(count) / 30).astype(np.float32)
        )
        before += count
    assert _info(exported)["total_frames"] == before


def test_every_file_has_one_row_group(exported):
    for path in (exported / "data").rglob("*.parquet"):
        assert pq.ParquetFile(path).num_row_groups == 1


def test_real_stamps_stay_as_integers(exported, takes):
    from recorder.episode import Episode

    stamps = _rows(exported, 1)["observation.time_ns.front_rgb"].to_numpy()
    with Episode(takes.episode_path(1)) as episode:
        recorded = episode.stream("front/rgb").stamp_ns
    assert stamps.dtype == np.int64
    assert stamps.tolist() == recorded[: len(stamps)].tolist()


def test_episodes_say_where_they_are_and_what_was_said_of_them(exported):
    rows = _episodes(exported)
    assert [row["episode_index"] for row in rows] == [0, 1, 2]
    assert [row["success"] for row in rows] == [True, True, False]
    assert [row["outcome"] for row in rows] == ["success", "success", "failure"]
    assert [row["operator"] for row in rows] == ["P01", "P01", "P77"]
    assert rows[1]["dataset_from_index"] == rows[0]["dataset_to_index"] == rows[0]["length"]
    for row in rows:
        assert row["tasks"] == ["pick up the ball"]
        assert row["data/file_index"] == row[f"videos/{KEY}/file_index"] == row["episode_index"]
        assert row[f"videos/{KEY}/from_timestamp"] == 0.0
        assert row[f"videos/{KEY}/to_timestamp"] == row["length"] / 30
        assert json.loads(row["segments"])["phases"] == []
        assert len(row["stats/observation.state/q99"]) == 18


def test_tasks_are_found_by_their_index(plan, takes):
    write_take(takes, SyntheticTake(number=3, seconds=1.0, seed=8, instruction="put it back"))
    wanted = plan()
    run_export(wanted)
    tasks = pd.read_parquet(wanted.out / "meta/tasks.parquet")
    assert tasks.index.name == "task"
    assert tasks.iloc[1].name == "put it back"
    assert tasks["task_index"].tolist() == [0, 1]
    assert set(_rows(wanted.out, 3)["task_index"].to_pylist()) == {1}


def test_statistics_over_all_episodes_agree_with_the_rows(exported):
    stats = json.loads((exported / "meta/stats.json").read_text())
    rows = [_rows(exported, index)["action"].to_pylist() for index in range(3)]
    data = np.array([one for part in rows for one in part], np.float64)
    np.testing.assert_allclose(stats["action"]["mean"], data.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(stats["action"]["std"], data.std(axis=0), atol=1e-9)
    np.testing.assert_allclose(stats["action"]["min"], data.min(axis=0))
    assert stats["action"]["count"] == [len(data)]
    below = (data < np.array(stats["action"]["q01"])).mean(axis=0)
    above = (data > np.array(stats["action"]["q99"])).mean(axis=0)
    of_one = 1 / min(len(part) for part in rows)  # quantiles lie between two rows
    assert (below <= 0.01 + of_one).all()
    assert (above <= 0.01 + of_one).all()
    picture = stats[KEY]
    assert np.shape(picture["mean"]) == (3, 1, 1)
    assert 0 <= np.min(picture["min"]) < np.max(picture["max"]) <= 1
    assert set(stats) == set(_info(exported)["features"])


def test_pictures_as_png_features_decode_to_what_was_recorded(plan):
    wanted = plan(video_images=False)
    run_export(wanted)
    info = _info(wanted.out)
    assert info["features"][KEY]["dtype"] == "image"
    assert info["video_path"] is None
    table = _rows(wanted.out, 1)
    for row, cell in enumerate(table[KEY].to_pylist()):
        picture = cv2.imdecode(np.frombuffer(cell["bytes"], np.uint8), cv2.IMREAD_COLOR)
        assert frame_number(picture) == row
    known = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert known[KEY] == {"_type": "Image"}


def test_without_cameras_there_is_no_video(plan):
    wanted = plan(cameras=())
    run_export(wanted)
    assert not (wanted.out / "videos").exists()
    assert _info(wanted.out)["video_path"] is None
