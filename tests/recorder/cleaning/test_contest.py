"""The contest: of several answers the one that fits what is seen weighs most."""

from __future__ import annotations

import numpy as np
import pytest

from recorder.cleaning.contest import Answer, Seen, weigh
from recorder.cleaning.layers import Layer

SHAPE = (24, 32)
HIDDEN = np.zeros(SHAPE, bool)
HIDDEN[8:16, 10:22] = True
EVERYWHERE = np.ones(SHAPE, bool)


def grey(level: float) -> np.ndarray:
    return np.full((*SHAPE, 3), level, np.float32)


def plate(level: float) -> Answer:
    return Answer(Layer.PLATE, EVERYWHERE, grey(level))


def flow(level: float, age: float = 3.0) -> Answer:
    return Answer(Layer.FLOW, EVERYWHERE, grey(level), np.full(SHAPE, age, np.float32))


def guess(found: np.ndarray = EVERYWHERE) -> Answer:
    return Answer(Layer.RESIDUE, found, grey(100))


def share(weights: np.ndarray) -> list[float]:
    return [float(one[HIDDEN].mean()) for one in weights]


def test_a_plate_that_fits_round_about_weighs_more_than_a_guess():
    weights = weigh([plate(100), guess()], grey(100), HIDDEN, [])
    assert share(weights)[0] > 0.8
    assert weights.sum(axis=0)[HIDDEN] == pytest.approx(1.0, abs=1e-5)


def test_where_something_stands_before_the_plate_flow_answers():
    seen, fits = share(weigh([plate(100), flow(180)], grey(180), HIDDEN, []))
    assert fits > 0.8
    assert seen + fits == pytest.approx(1.0, abs=1e-5)


def test_a_plate_unlike_what_was_seen_here_just_before_and_after_weighs_less():
    elsewhen = [Seen(grey(180), np.full(SHAPE, 2.0, np.float32))] * 2
    answers = [plate(100), flow(180, 20.0)]
    without = share(weigh(answers, grey(100), HIDDEN, []))
    within = share(weigh(answers, grey(100), HIDDEN, elsewhen))
    assert within[0] < without[0]


def test_what_was_followed_for_long_weighs_less():
    near, far = share(weigh([flow(90, 2.0), flow(110, 25.0)], grey(100), HIDDEN, []))
    assert near > 2 * far


def test_an_answer_counts_only_where_it_is_given():
    half = EVERYWHERE.copy()
    half[:, 16:] = False
    weights = weigh([Answer(Layer.PLATE, half, grey(100)), guess()], grey(100), HIDDEN, [])
    assert not weights[0][:, 16:].any()
    assert weights[1][:, 16:] == pytest.approx(1.0)


def test_nothing_at_all_has_no_weight():
    weights = weigh([guess(~EVERYWHERE)], grey(100), HIDDEN, [])
    assert not weights.any()
