"""What is said about takes: outcomes, discards and their undoing, redos."""

from __future__ import annotations

import pytest
from support.station_scene import JOINTS, Scene

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


def meant(scene: Scene) -> tuple[int | None, str]:
    status = scene.station.status()
    return status.last_episode, status.outcome


def test_the_status_tells_the_outcome_of_the_take_that_orders_mean(scene: Scene) -> None:
    assert meant(scene) == (None, "unlabelled")
    first = scene.start()
    assert meant(scene) == (first, "unlabelled")
    scene.station.obey(SetOutcome(episode=first, outcome="failure"))
    assert meant(scene) == (first, "failure")
    scene.send(2)
    scene.station.obey(StopTake(press_ns=now_ns(), outcome="success"))
    assert meant(scene) == (first, "success"), "while the log is closing"
    scene.settle()
    assert meant(scene) == (first, "success"), "once published"
    second = scene.take(2)
    assert meant(scene) == (second, "unlabelled")
    scene.station.obey(SetOutcome(episode=second, outcome="failure"))
    assert meant(scene) == (second, "failure")
    scene.station.obey(Discard(episode=second))
    assert meant(scene) == (first, "success")
    scene.station.obey(UndoDiscard())
    assert meant(scene) == (second, "failure")
    scene.settle()
    assert meant(scene) == (second, "failure")


def test_a_redo_is_unlabelled_and_its_discard_shows_the_old_take_again(scene: Scene) -> None:
    number = scene.take(2, outcome="success")
    scene.settle()
    scene.start(redo_of=number)
    assert meant(scene) == (number, "unlabelled")
    scene.send(2)
    scene.station.obey(Discard(episode=number))
    assert meant(scene) == (number, "success")
    scene.settle()
    assert meant(scene) == (number, "success")


def test_a_take_that_is_discarded_twice_takes_the_older_one_with_it(scene: Scene) -> None:
    number = scene.take(2, task="old")
    scene.settle()
    scene.take(2, task="new", redo_of=number)
    scene.station.obey(Discard(episode=number))
    scene.station.obey(Discard(episode=number))
    scene.settle()
    assert scene.station.dataset.published() == []
    assert len(scene.station.dataset.trashed()) == 2
    assert meant(scene) == (None, "unlabelled")


@pytest.mark.parametrize("published_first", [True, False])
def test_a_discarded_redo_comes_back_under_the_next_free_number(
    scene: Scene, published_first: bool
) -> None:
    number = scene.take(2, task="old", outcome="success")
    scene.settle()
    scene.start(task="new", redo_of=number)
    scene.send(2)
    scene.station.obey(Discard(episode=number))
    scene.step_until(lambda: scene.station.state == "idle", "idle")
    if published_first:
        scene.settle()
    assert scene.station.status().discarded == number
    scene.station.obey(UndoDiscard())
    if published_first:
        assert scene.station.message == (
            "episode 0 came back as episode 1, because 0 was recorded again"
        )
    scene.settle()
    status = scene.station.status()
    assert status.published == (0, 1)
    assert status.discarded is None
    assert status.next_episode == 2
    rows = Catalogue(scene.station.dataset).rows()
    assert [(row.number, row.task) for row in rows] == [(0, "old"), (1, "new")]
    assert meant(scene) == (1, "unlabelled")


def test_what_comes_back_is_no_news_when_it_was_published_before(scene: Scene) -> None:
    number = scene.take(2)
    scene.settle()
    seen = [scene.station.status().published]
    for order in (Discard(episode=number), UndoDiscard()):
        scene.station.obey(order)
        seen.append(scene.station.status().published)
    assert seen == [(number,)] * 3


def test_an_undo_with_nothing_to_bring_back_is_refused(scene: Scene) -> None:
    assert scene.station.status().discarded is None
    scene.station.obey(UndoDiscard())
    assert scene.station.message == "no discarded episode to bring back"


def test_a_stream_never_heard_has_neither_rate_nor_age(scene: Scene) -> None:
    status = scene.station.status()
    assert (status.ages_s, status.rates_hz) == ({}, {})
    scene.send(2, (JOINTS,))
    scene.step_until(lambda: scene.station.status().ages_s, "samples of one stream")
    status = scene.station.status()
    assert set(status.ages_s) == set(status.rates_hz) == {JOINTS}
    assert status.ages_s[JOINTS] >= 0
