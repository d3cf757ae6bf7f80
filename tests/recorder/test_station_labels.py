"""What is said about takes: outcomes, discards and their undoing, redos."""

from __future__ import annotations

from support.station_scene import Scene

from devices.clock import now_ns
from devices.messages import Discard, SetOutcome, StartTake, StopTake, UndoDiscard
from recorder.catalogue import Catalogue
from recorder.episode import Episode


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
