"""The recorder's orders: take, stop, label, discard, undo, redo, and its limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from support.recording import InlineChild, SmallPublishers, sample_value
from support.waiting import wait_until

from benchmarks.load import load_rig
from devices.bus import Bus
from devices.clock import NS_PER_S, now_ns
from devices.messages import Discard, SetOutcome, StartTake, StopTake, UndoDiscard
from devices.session_file import SessionFile
from recorder.catalogue import Catalogue
from recorder.dataset import DatasetError, append_label, companions
from recorder.durability import DiskPolicy
from recorder.episode import Episode
from recorder.station import Station, StationOptions

JOINTS = "right/joints_measured"
TAXELS = "left/taxels"
DEPTH = "front/depth"
ALL = (JOINTS, TAXELS, DEPTH)
ROOMY = DiskPolicy(stop_s=0, warn_s=0, start_s=0, least_bytes=0)


class Scene:
    """A station and the publishers of three of its streams, stepped by the test."""

    def __init__(self, session: SessionFile, options: StationOptions | None = None) -> None:
        self.session = session
        self.bus = Bus(session.namespace)
        self.options = options or StationOptions(disk=ROOMY)
        self.may_publish = False
        self.options.launch = lambda root, log: InlineChild(root, log, lambda: self.may_publish)
        self.station = Station(session, self.bus, self.options)
        self.publishers = SmallPublishers(self.bus, session.rig, ALL)

    def step_until(self, holds: Callable[[], object], what: str) -> None:
        def stepped() -> object:
            self.station.step()
            return holds()

        wait_until(stepped, 20.0, what)

    def send(self, count: int = 1, names: tuple[str, ...] = ALL) -> None:
        for _ in range(count):
            for name in names:
                self.publishers.send(name)
        self.station.step()

    def start(self, **facts) -> int:
        facts = {"press_ns": now_ns(), "pre_roll_s": 0.0, **facts}
        self.station.obey(StartTake(**facts))
        self.step_until(lambda: self.station.state == "recording", "recording")
        number = self.station.status().episode
        assert number is not None
        return number

    def stop(self, outcome="unlabelled") -> None:
        self.station.obey(StopTake(press_ns=now_ns(), outcome=outcome))
        self.step_until(lambda: self.station.state == "idle", "idle")

    def take(self, samples: int = 5, outcome="unlabelled", **facts) -> int:
        number = self.start(**facts)
        self.send(samples)
        self.stop(outcome)
        return number

    def settle(self) -> None:
        self.may_publish = True
        self.step_until(lambda: self.station.finished, "everything published")
        self.may_publish = False

    def path(self, number: int) -> Path:
        return self.station.dataset.episode_path(number)

    def seqs(self, number: int, name: str = JOINTS) -> list[int]:
        with Episode(self.path(number)) as episode:
            return episode.stream(name).seq.tolist()

    def close(self) -> None:
        self.settle()
        self.publishers.close()
        self.station.close()


@pytest.fixture
def scene(session_file) -> Iterator[Scene]:
    made = Scene(session_file(load_rig(128, 96)))
    yield made
    made.close()


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


def test_an_outcome_given_while_the_take_is_closing_is_kept(scene: Scene) -> None:
    number = scene.start()
    scene.send(3)
    scene.station.obey(StopTake(press_ns=now_ns()))
    scene.step_until(
        lambda: scene.station.state == "idle" or scene.station._take._end, "the log is closing"
    )
    scene.station.obey(SetOutcome(episode=number, outcome="success"))
    scene.settle()
    (row,) = Catalogue(scene.station.dataset).rows()
    assert row.outcome == "success"


def test_a_second_start_is_refused_with_the_running_take(scene: Scene) -> None:
    number = scene.start()
    scene.station.obey(StartTake(press_ns=now_ns()))
    assert scene.station.message == f"take {number} is running; stop it first"
    scene.stop()


def test_outcomes_reach_running_pending_and_published_takes(scene: Scene) -> None:
    running = scene.start()
    scene.send(2)
    scene.station.obey(SetOutcome(episode=running, outcome="failure"))
    scene.stop()
    pending = scene.take(2)
    scene.station.obey(SetOutcome(episode=pending, outcome="success"))
    scene.settle()
    catalogue = Catalogue(scene.station.dataset)
    assert [row.outcome for row in catalogue.rows()] == ["failure", "success"]
    scene.station.obey(SetOutcome(episode=running, outcome="success"))
    assert [row.outcome for row in catalogue.rows()] == ["success", "success"]
    scene.station.obey(SetOutcome(episode=99, outcome="success"))
    assert "episode 99 is not published" in scene.station.message


def test_a_running_take_can_be_discarded_and_brought_back(scene: Scene) -> None:
    number = scene.start()
    scene.send(3)
    scene.station.obey(Discard(episode=number))
    scene.step_until(lambda: scene.station.state == "idle", "idle")
    assert scene.station.status().discarded == number
    scene.settle()
    assert not scene.path(number).exists()
    assert scene.station.status().published == ()
    scene.station.obey(UndoDiscard())
    assert scene.path(number).exists()
    assert scene.station.status().published == (number,)
    assert scene.station.status().discarded is None


def test_a_discard_can_be_undone_before_the_take_is_published(scene: Scene) -> None:
    first, second = scene.take(2), scene.take(2)
    scene.station.obey(Discard(episode=first))
    scene.station.obey(Discard(episode=second))
    scene.station.obey(UndoDiscard())
    assert scene.station.message == f"episode {second} is back"
    scene.settle()
    assert scene.station.status().published == (second,)
    assert scene.station.status().discarded == first


def test_a_published_take_can_be_discarded_and_brought_back(scene: Scene) -> None:
    numbers = [scene.take(2) for _ in range(2)]
    scene.settle()
    for number in numbers:
        scene.station.obey(Discard(episode=number))
    assert scene.station.status().discarded == numbers[1]
    assert scene.take(2) == 2, "a discarded number is not given away"
    scene.station.obey(UndoDiscard())
    scene.station.obey(UndoDiscard())
    scene.settle()
    assert [row.number for row in Catalogue(scene.station.dataset).rows()] == [0, 1, 2]
    scene.station.obey(UndoDiscard())
    assert "no discarded episode" in scene.station.message


def test_a_redo_keeps_the_old_take_until_the_new_one_is_published(scene: Scene) -> None:
    number = scene.take(2, task="old")
    scene.settle()
    scene.start(task="new", redo_of=number)
    scene.send(3)
    assert scene.path(number).exists()
    scene.stop()
    scene.settle()
    with Episode(scene.path(number)) as episode:
        assert episode.attributes["task"] == "new"
    assert len(scene.station.dataset.trashed()) == 1
    assert scene.station.status().next_episode == number + 1


def test_a_redo_of_what_never_was_is_refused(scene: Scene) -> None:
    scene.station.obey(StartTake(press_ns=now_ns(), redo_of=3))
    assert scene.station.state == "idle"
    assert scene.station.message == "there is no episode 3 to record again"


def test_a_take_without_a_sample_is_not_kept(scene: Scene) -> None:
    scene.take(0)
    scene.settle()
    assert scene.station.status().published == ()
    assert "held no sample" in scene.station.message


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
