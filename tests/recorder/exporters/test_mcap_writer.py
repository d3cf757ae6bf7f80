"""An MCAP file holds every sample with its real stamp, as the format's own library reads it."""

import base64
import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import h5py
import numpy as np
import pytest
from mcap.reader import make_reader

from devices.stream import StreamSpec
from recorder.dataset import companions, open_dataset
from recorder.episode import Episode
from recorder.exporters.job import run_export
from recorder.exporters.mcap_messages import as_json, message_kind
from recorder.exporters.mcap_writer import exported_streams, wall_time_ns
from recorder.finalise import file_sha256
from recorder.review.schema import load_label_schemas, schema_for
from recorder.review.state import Change, Edit
from recorder.review.store import ReviewStore
from recorder.synthetic import SyntheticTake, frame_number, write_take

WALL_NS = 1_767_225_600_000_000_000  # 2026-01-01, when the made-up takes began


def _read(path):
    """Messages by topic as (log_time, JSON, schema name), metadata by name."""
    with open(path, "rb") as file:
        reader = make_reader(file, validate_crcs=True)
        found = {}
        for schema, channel, message in reader.iter_messages():
            said = json.loads(message.data)
            found.setdefault(channel.topic, []).append((message.log_time, said, schema.name))
        return found, {one.name: one.metadata for one in reader.iter_metadata()}


def _decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def _label(takes, number, *edits):
    with Episode(takes.episode_path(number)) as episode:
        uuid = str(episode.attributes["uuid"])
    schema = schema_for(load_label_schemas(takes.root), "pick-up-the-ball")
    review = ReviewStore(takes, "R7").open(uuid, schema)
    review.apply(Change("labels", (*edits, Edit("accepted", None, True))))
    review.publish()
    review.close()
    return schema


@pytest.fixture
def exported(plan):
    wanted = plan("mcap")
    run_export(wanted)
    return wanted.out


def test_every_stream_has_a_message_for_every_sample(exported, takes):
    for number in range(3):
        found, _ = _read(exported / f"episode_{number:06d}.mcap")
        with Episode(takes.episode_path(number)) as episode:
            samples = {f"/{name}": len(one) for name, one in episode.streams.items() if len(one)}
            seqs = {name: episode.stream(name[1:]).seq.tolist() for name in samples}
        recorded = {name: rows for name, rows in found.items() if not name.startswith("/labels")}
        assert {name: len(rows) for name, rows in recorded.items()} == samples
        for name, rows in recorded.items():
            assert [said["seq"] for _, said, _ in rows] == seqs[name]


def test_messages_keep_their_distances_and_show_the_day_of_the_take(exported, takes):
    found, _ = _read(exported / "episode_000001.mcap")
    with Episode(takes.episode_path(1)) as episode:
        press_ns = int(episode.attributes["press_stamp_ns"])
        stamps = {f"/{name}": one.stamp_ns.tolist() for name, one in episode.streams.items()}
    for name, rows in found.items():
        for (log_time, said, _), stamp_ns in zip(rows, stamps[name], strict=True):
            assert said["stamp_ns"] == stamp_ns
            assert log_time == WALL_NS + stamp_ns - press_ns
            time = said["timestamp"]
            assert time["sec"] * 1_000_000_000 + time["nsec"] == log_time


def test_pictures_pass_through_as_they_were_recorded(exported, takes):
    found, _ = _read(exported / "episode_000000.mcap")
    with Episode(takes.episode_path(0)) as episode:
        stream = episode.stream("front/rgb")
        for index, (_, said, schema) in enumerate(found["/front/rgb"]):
            data = base64.b64decode(said["data"])
            assert schema == "foxglove.CompressedImage"
            assert said["format"] == "jpeg"
            assert data == bytes(stream.stored(index))
            assert frame_number(_decoded(data)) == said["seq"]


def test_pictures_of_a_chosen_size_are_made_smaller(plan):
    wanted = plan("mcap", image_size=(80, 60), episodes=(1,))
    run_export(wanted)
    found, _ = _read(wanted.out / "episode_000001.mcap")
    data = base64.b64decode(found["/front/rgb"][0][1]["data"])
    assert _decoded(data).shape == (60, 80, 3)


def test_numbers_are_the_recorded_ones_to_the_last_bit(exported, takes):
    found, _ = _read(exported / "episode_000002.mcap")
    with Episode(takes.episode_path(2)) as episode:
        joints = episode.stream("right/joints_measured")
        labels, rows = joints.spec.labels, joints.rows(slice(None))
        taxels = episode.stream("right/taxels").rows(slice(None))
        forces = episode.stream("right/fingertip_force").rows(slice(None))
    for (_, said, _), row in zip(found["/right/joints_measured"], rows, strict=True):
        assert [said["values"][label] for label in labels] == row.tolist()
    touch = found["/right/taxels"][len(taxels) // 2][1]["rows"]
    middle = taxels[len(taxels) // 2]
    for pad, one in zip(touch, middle, strict=True):
        assert np.array_equal(np.array([pad["x"], pad["y"], pad["z"]], np.float32).T, one)
        assert pad["sum"]["z"] == pytest.approx(one[:, 2].astype(float).sum())
    last = found["/right/fingertip_force"][-1][1]["rows"]
    assert [[one[axis] for axis in "xyz"] for one in last] == forces[-1].tolist()


def test_depth_is_said_in_its_own_steps():
    class Depth:
        spec = StreamSpec(
            name="front/depth",
            kind="depth",
            dtype="<u2",
            shape=(2, 3),
            axes=("row", "column"),
            unit="0.0001 m",
            device="camera_front",
        )
        name = "front/depth"
        stamp_ns = np.array([5], np.int64)
        seq = np.array([9], np.uint64)
        flags = np.array([0], np.uint32)
        device_stamp_ns = np.array([-(2**63)], np.int64)

        def frame(self, index):
            return np.arange(6, dtype="<u2").reshape(2, 3)

    kind = message_kind(Depth(), (80, 60))
    said = json.loads(kind.message(Depth(), 0, 1_500_000_000))
    assert kind.schema_name == "foxglove.RawImage"
    assert (said["encoding"], said["step"], said["height"]) == ("16UC1", 6, 2)
    assert np.frombuffer(base64.b64decode(said["data"]), "<u2").tolist() == [0, 1, 2, 3, 4, 5]
    assert "device_stamp_ns" not in said


def test_labels_stand_along_the_time(plan, takes):
    schema = _label(
        takes,
        1,
        Edit("phases", "a", {"label": "grasp", "start_ns": 200_000_000, "stop_ns": 500_000_000}),
        Edit("phases", "b", {"label": "release", "start_ns": 500_000_000, "stop_ns": 800_000_000}),
        Edit("contacts", "c", {"finger": "thumb", "start_ns": 300_000_000, "stop_ns": None,
                               "proposed": True}),
        Edit("quality", None, 4),
    )  # fmt: skip
    assert {"grasp", "release"} <= {phase.name for phase in schema.phases}
    wanted = plan("mcap")
    run_export(wanted)
    found, metadata = _read(wanted.out / "episode_000001.mcap")
    assert [
        (said["label"], log_time - WALL_NS) for log_time, said, _ in found["/labels/phase"]
    ] == [
        ("grasp", 200_000_000),
        ("release", 500_000_000),
        ("", 800_000_000),
    ]
    log = [said["message"] for _, said, _ in found["/labels/log"]]
    assert log == ["phase grasp begins", "contact thumb begins", "phase grasp ends",
                   "phase release begins", "phase release ends"]  # fmt: skip
    assert {name for *_, name in found["/labels/log"]} == {"foxglove.Log"}
    assert metadata["thenar.labels"]["quality"] == "4"
    assert json.loads(metadata["thenar.labels"]["segments"])["phases"][1]["start_s"] == 0.5


def test_lost_samples_are_told_in_the_log(exported):
    found, _ = _read(exported / "episode_000000.mcap")
    told = [said["message"] for _, said, _ in found["/labels/log"] if said["name"] == "gaps"]
    assert told == ["front/rgb: damage, 2 samples missing from 7 on",
                    "front/rgb: damage, 1 samples missing from 20 on"]  # fmt: skip


def test_what_was_trimmed_stays_out(plan, takes):
    _label(takes, 1, Edit("trim", None, {"start_ns": 400_000_000, "stop_ns": 900_000_000}))
    for choice, expected in ((True, 15), (False, 51)):
        wanted = plan("mcap", trim=choice, episodes=(1,), out=takes.root.parent / f"o{choice}")
        run_export(wanted)
        found, _ = _read(wanted.out / "episode_000001.mcap")
        assert len(found["/front/rgb"]) == expected


def test_what_is_not_finite_becomes_null():
    assert as_json({"a": [1.5, float("nan")], "b": float("inf")}) == b'{"a":[1.5,null],"b":null}'


def test_wall_times_are_exact():
    assert wall_time_ns("2026-01-01T00:00:00.000+00:00") == WALL_NS
    assert wall_time_ns("2026-01-01T01:00:00.123+01:00") == WALL_NS + 123_000_000


def test_takes_of_different_kinds_go_into_one_export(plan, takes):
    write_take(takes, SyntheticTake(number=3, seconds=1.0, seed=9, source="exoskeleton",
                                    cameras=("front", "top")))  # fmt: skip
    wanted = plan("mcap")
    assert run_export(wanted).episodes == 4
    found, _ = _read(wanted.out / "episode_000003.mcap")
    assert len(found["/top/rgb"]) == 30
    assert open_dataset(takes.root).published()


def test_wall_time_is_that_of_the_press_also_after_a_pre_roll(plan, takes):
    path = takes.episode_path(1)
    path.chmod(0o644)
    with h5py.File(path, "r+") as file:
        file.attrs["press_stamp_ns"] = int(file.attrs["press_stamp_ns"]) + 250_000_000
    companions(path)[0].write_text(f"{file_sha256(path)}  {path.name}\n")
    run_export(plan("mcap", episodes=(1,)))
    found, _ = _read(plan("mcap").out / "episode_000001.mcap")
    assert found["/front/rgb"][0][0] == WALL_NS - 250_000_000


def _episode_with(**streams):
    """An episode of streams named with ``__`` for the slash, of a kind each."""
    made = {}
    for name, kind in streams.items():
        spec = SimpleNamespace(kind=kind, shape=(4, 4, 3), variable=kind == "event")
        made[name.replace("__", "/")] = _OneSample(spec)
    return SimpleNamespace(episode=SimpleNamespace(path=Path("e.h5"), streams=made))


class _OneSample:
    def __init__(self, spec):
        self.spec = spec

    def __len__(self):
        return 1


def test_depth_goes_with_its_camera_and_events_stay_when_people_are_hidden(plan):
    rows = _episode_with(
        right__joints_sent="joints",
        front__rgb="image",
        front__depth="depth",
        top__rgb="image",
        top__depth="depth",
        front__rgb_without_operator="image",
        front__operator_mask="mask",
        operator__events="event",
    )
    every = ["right/joints_sent", "front/rgb", "front/depth", "top/rgb", "top/depth"]
    assert exported_streams(plan("mcap"), rows) == [*every, "operator/events"]
    assert exported_streams(plan("mcap", hide_people=True), rows) == every
    one = exported_streams(plan("mcap", cameras=("top/rgb",)), rows)
    assert one == ["right/joints_sent", "top/rgb", "top/depth", "operator/events"]
