"""What ends or refuses a take, and what a start finds of sessions before it."""

from __future__ import annotations

import json

import pytest
from support.station_scene import ALL, ROOMY, Scene

from benchmarks.load import load_rig
from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import StartTake
from recorder.dataset import DatasetError, append_label, companions
from recorder.episode import Episode
from recorder.station import Station, StationOptions


def test_a_disk_that_is_nearly_full_refuses_the_take_in_one_sentence(session_file) -> None:
    options = StationOptions(free_bytes=lambda _: 300_000_000)
    scene = Scene(session_file(load_rig(128, 96)), options)
    scene.station.obey(StartTake(press_ns=now_ns()))
    assert scene.station.state == "idle"
    assert "free some space" in scene.station.message
    assert scene.station.dataset.logs() == []
    scene.close()


def test_a_disk_that_fills_up_stops_the_take_cleanly(session_file) -> None:
    free = [10**12]
    options = StationOptions(free_bytes=lambda _: free[0])
    scene = Scene(session_file(load_rig(128, 96)), options)
    number = scene.start()
    scene.send(5)
    free[0] = 300_000_000
    scene.step_until(lambda: scene.station.state == "idle", "the take stops by itself")
    assert "nearly full; nothing was lost" in scene.station.message
    scene.settle()
    assert scene.seqs(number) == [0, 1, 2, 3, 4]
    with Episode(scene.path(number)) as episode:
        assert episode.attributes["end_reason"] == "disk nearly full"
    scene.close()


def test_a_full_queue_stops_the_take_and_keeps_what_was_taken(session_file) -> None:
    options = StationOptions(disk=ROOMY, queue_limit_bytes=1)
    scene = Scene(session_file(load_rig(128, 96)), options)
    number = scene.start()

    def overflows() -> bool:
        for name in ALL:
            scene.publishers.send(name)
        return scene.station.state != "recording"

    scene.step_until(overflows, "the take stops by itself")
    scene.step_until(lambda: scene.station.state == "idle", "idle")
    assert "the disk is too slow" in scene.station.message
    scene.settle()
    seqs = scene.seqs(number)
    assert seqs == list(range(len(seqs)))
    with Episode(scene.path(number)) as episode:
        assert episode.attributes["lost_samples"] == 0
    scene.close()


def test_orphaned_logs_are_recovered_at_start_without_taking_a_number_twice(
    session_file,
) -> None:
    session = session_file(load_rig(128, 96))
    scene = Scene(session)
    number = scene.take(4)
    (log,) = scene.station.queue.pending
    content = log.read_bytes()
    scene.close()
    scene.path(number).unlink()
    for path in session.dataset_dir.glob("catalogue.sqlite*"):
        path.unlink()
    log.write_bytes(content[:-30])
    again = Scene(session)
    assert again.station.status().next_episode == number + 1
    again.settle()
    assert again.station.status().recovered == (number,)
    assert again.seqs(number) == [0, 1, 2, 3]
    again.close()
    third = Scene(session)
    assert third.station.status().recovered == ()
    third.close()


def test_a_dataset_of_another_schema_stops_the_start(session_file) -> None:
    session = session_file(load_rig(128, 96))
    session.dataset_dir.mkdir()
    (session.dataset_dir / "dataset.json").write_text(
        json.dumps({"schema": "thenar.dataset/9", "uuid": "x"})
    )
    with pytest.raises(DatasetError, match="choose another folder"):
        Station(session, Bus(session.namespace))


def test_a_discard_noted_beside_the_log_survives_a_crash(session_file) -> None:
    session = session_file(load_rig(128, 96))
    scene = Scene(session)
    number = scene.take(2)
    (log,) = scene.station.queue.pending
    content = log.read_bytes()
    scene.close()
    scene.path(number).unlink()
    log.write_bytes(content)
    append_label(companions(log)[1], event="discarded", order=1)
    again = Scene(session)
    again.settle()
    assert not again.path(number).exists()
    assert again.station.status().discarded == number
    again.close()
