"""The order of a reviewer's episodes."""

from __future__ import annotations

from app.workspaces.review.review_queue import ReviewQueue


def test_the_next_unfinished_one_comes_round_again_from_the_start():
    queue = ReviewQueue(["a", "b", "c", "d"], done=["c"])
    assert queue.after("b", unfinished=True) == "d"
    assert queue.after("d", unfinished=True) == "a"
    queue.done |= {"a", "b", "d"}
    assert queue.after("d", unfinished=True) is None


def test_stepping_goes_over_finished_ones_too_and_ends_at_the_ends():
    queue = ReviewQueue(["a", "b", "c"], done=["b"])
    assert (queue.after("a"), queue.before("c")) == ("b", "b")
    assert (queue.after("c"), queue.before("a")) == (None, None)


def test_an_episode_twice_in_the_order_has_one_place():
    queue = ReviewQueue(["b", "a", "b"], {"b": "jerky"})
    assert [queue.place("b"), queue.place("a"), queue.place("x")] == ["1 of 2", "2 of 2", ""]
    assert (queue.reason("b"), queue.reason("a")) == ("jerky", "")


def test_the_first_is_the_first_not_finished_and_an_empty_queue_has_none():
    assert ReviewQueue(["a", "b"], done=["a"]).first() == "b"
    assert ReviewQueue(["a"], done=["a"]).first() == "a"
    assert ReviewQueue().first() is None
    assert ReviewQueue(["a", "b"], done=["a"]).left == 1
