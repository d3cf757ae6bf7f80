"""Takes: what belongs to one, and how one follows another."""

from __future__ import annotations

import numpy as np
from support.recording import SmallPublishers, sample_value
from support.station_scene import ALL, DEPTH, JOINTS, TAXELS, Scene

from devices.clock import NS_PER_S, now_ns
from devices.messages import StartTake, StopTake
from recorder.episode import Episode


def test_a_take_holds_every_sample_between_press_and_stop(scene: Scene) -> None:
    scene.send(3)
    number = scene.take(10, outcome="success", task="plug", operator_code="P07")
    scene.send(4)
    scene.settle()
    for name in ALL:
        assert scene.seqs(number, name) == list(range(3, 13))
    with Episode(scene.path(number)) as episode:
        assert episode.outcome == "success"
        assert episode.attributes["operator_code"] == "P07"
        assert episode.attributes["end_reason"] == "stopped"
        assert episode.rig["name"] == "record-load"
        spec = scene.session.rig.stream(DEPTH)
        np.testing.assert_array_equal(episode.stream(DEPTH).frame(4), sample_value(spec, 7))
    assert scene.station.status().published == (number,)
    assert scene.station.status().last_path == str(scene.path(number))


def test_the_pre_roll_is_kept_from_before_the_press(scene: Scene) -> None:
    base_ns = now_ns() - 2 * NS_PER_S
    for at in range(20):
        scene.publishers.send(JOINTS, base_ns + at * NS_PER_S // 10)
    scene.station.step()
    press_ns = base_ns + 15 * NS_PER_S // 10
    number = scene.start(press_ns=press_ns, pre_roll_s=1.0)
    scene.stop()
    scene.settle()
    assert scene.seqs(number) == list(range(5, 20))
    with Episode(scene.path(number)) as episode:
        assert episode.attributes["press_stamp_ns"] == press_ns


def test_samples_stamped_before_the_pre_roll_that_arrive_late_stay_out(scene: Scene) -> None:
    press_ns = now_ns()
    number = scene.start(press_ns=press_ns, pre_roll_s=1.0)
    scene.publishers.send(JOINTS, press_ns - 2 * NS_PER_S)
    scene.publishers.send(JOINTS, press_ns - NS_PER_S // 2)
    scene.station.step()
    scene.stop()
    scene.settle()
    assert scene.seqs(number) == [1]


def test_samples_lost_on_the_bus_stand_in_the_ledger(scene: Scene) -> None:
    number = scene.start()
    scene.send(3)
    scene.publishers.lose(TAXELS, 7)
    scene.send(3)
    assert scene.station.status().written[JOINTS] >= 0
    scene.step_until(lambda: scene.station.status().gaps == {TAXELS: 7}, "the gap is counted")
    scene.stop()
    scene.settle()
    with Episode(scene.path(number)) as episode:
        (row,) = episode.ledger
        assert (row["stream"], row["kind"]) == (TAXELS.encode(), b"gap")
        assert (row["first_missing_seq"], row["count"]) == (3, 7)
        taxels = episode.stream(TAXELS)
        assert row["before_ns"] == taxels.stamp_ns[2]
        assert row["after_ns"] == taxels.stamp_ns[3]
        assert episode.attributes["lost_samples"] == 7


def test_a_publisher_that_begins_anew_is_a_restart_not_a_loss(scene: Scene) -> None:
    number = scene.start()
    scene.send(3)
    scene.publishers.close()
    scene.publishers = SmallPublishers(scene.bus, scene.session.rig, ALL)
    scene.send(2)
    scene.stop()
    scene.settle()
    assert scene.seqs(number) == [0, 1, 2, 0, 1]
    with Episode(scene.path(number)) as episode:
        assert {row["kind"] for row in episode.ledger} == {b"restart"}
        assert episode.attributes["lost_samples"] == 0


def test_a_loss_before_the_take_is_not_charged_to_it(scene: Scene) -> None:
    scene.send(2)
    scene.publishers.lose(JOINTS, 50)
    number = scene.take(3)
    scene.settle()
    with Episode(scene.path(number)) as episode:
        assert len(episode.ledger) == 0


def test_written_counts_only_what_the_disk_acknowledged(scene: Scene) -> None:
    scene.start()
    scene.send(6)
    wanted = dict.fromkeys(ALL, 6)

    def counted() -> bool:
        written = scene.station.status().written
        return {name: written[name] for name in ALL} == wanted

    scene.step_until(counted, "six samples of each stream written")
    scene.stop()


def test_the_next_take_starts_while_the_last_one_is_finalised(scene: Scene) -> None:
    first = scene.take(5)
    assert scene.station.status().finalising == (first,)
    second = scene.take(5)
    assert second == first + 1
    scene.settle()
    assert scene.station.status().published == (first, second)
    assert scene.seqs(first) + scene.seqs(second) == list(range(10))


def test_a_start_during_the_stop_waits_and_loses_nothing(scene: Scene) -> None:
    first = scene.start()
    scene.send(4)
    press_ns = now_ns()
    scene.station.obey(StopTake(press_ns=press_ns))
    scene.station.obey(StartTake(press_ns=press_ns + 1, pre_roll_s=0.0))
    scene.send(4)
    scene.step_until(
        lambda: scene.station.status().episode == first + 1 and scene.station.state == "recording",
        "the second take",
    )
    scene.stop()
    scene.settle()
    assert scene.seqs(first) + scene.seqs(first + 1) == list(range(8))


def test_stop_start_and_stop_in_one_breath_make_two_takes(scene: Scene) -> None:
    first = scene.start()
    scene.send(3)
    press_ns = now_ns()
    scene.station.obey(StopTake(press_ns=press_ns))
    scene.station.obey(StartTake(press_ns=press_ns + 1, pre_roll_s=0.0))
    scene.send(3)
    scene.station.obey(StopTake(press_ns=now_ns(), outcome="failure"))
    scene.settle()
    assert scene.station.state == "idle"
    assert scene.seqs(first) + scene.seqs(first + 1) == list(range(6))
    with Episode(scene.path(first + 1)) as episode:
        assert episode.outcome == "failure"


def test_a_second_start_is_refused_with_the_running_take(scene: Scene) -> None:
    number = scene.start()
    scene.station.obey(StartTake(press_ns=now_ns()))
    assert scene.station.message == f"take {number} is running; stop it first"
    scene.stop()


def test_a_take_without_a_sample_is_not_kept(scene: Scene) -> None:
    scene.take(0)
    scene.settle()
    assert scene.station.status().published == ()
    assert "held no sample" in scene.station.message
