"""Segments and instants: half-open, matched one to one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.agreement.segments import (
    NOTHING,
    boundary_errors_ms,
    contact_f1,
    edit_score,
    framewise,
    segment_f1,
    temporal_iou,
)
from recorder.review.state import Contact, Interval, Phase

MS = 1_000_000


def phase(label: str, start: int, stop: int) -> Phase:
    return Phase(label=label, start_ns=start, stop_ns=stop)


def chain(*bounds: int) -> list[Phase]:
    return [
        phase("abcd"[i % 4], a, b) for i, (a, b) in enumerate(zip(bounds, bounds[1:], strict=False))
    ]


@pytest.mark.parametrize(
    ("first", "second", "iou"),
    [
        ((2, 6), (4, 8), 1 / 3),
        ((0, 100), (10, 110), 0.818),
        ((0, 5), (5, 9), 0.0),
        ((3, 7), (3, 7), 1.0),
    ],
)
def test_temporal_iou_gives_the_worked_values(first, second, iou):
    a, b = (Interval(start_ns=s, stop_ns=e) for s, e in (first, second))
    assert temporal_iou(a, b) == pytest.approx(iou, abs=5e-4)


def test_a_frame_on_a_boundary_belongs_to_the_phase_that_begins():
    frames = framewise(
        [phase("b", 0, 100 * MS), phase("a", 100 * MS, 200 * MS)], ["a", "b"], 300 * MS, 10.0
    )
    assert frames.tolist() == [1.0, 0.0, NOTHING]


def test_segments_match_one_to_one_and_by_label():
    one, halves = [phase("a", 0, 100)], [phase("a", 0, 50), phase("a", 50, 100)]
    assert segment_f1(one, halves, 0.25) == pytest.approx(2 / 3)
    assert segment_f1(one, [phase("b", 0, 100)], 0.1) == 0.0
    assert segment_f1([], [], 0.5) is None


def test_matching_finds_the_largest_set_of_pairs():
    first = [phase("a", 0, 10), phase("a", 10, 40)]
    second = [phase("a", 5, 35), phase("a", 35, 60)]
    assert segment_f1(first, second, 0.05) == 1.0  # greedy by order or by overlap would find one


def test_edit_score_counts_order_not_time():
    assert edit_score(chain(0, 5, 9, 12), chain(0, 1, 2, 90)) == 1.0
    assert edit_score(chain(0, 5, 9, 12), chain(0, 5, 9)) == pytest.approx(2 / 3)


def test_boundary_errors_are_in_milliseconds_per_phase():
    errors = boundary_errors_ms(chain(0, 100 * MS, 300 * MS), chain(0, 130 * MS, 290 * MS))
    assert errors == {"a start": [0.0], "a end": [30.0], "b start": [30.0], "b end": [10.0]}


def test_contacts_match_within_the_tolerance_and_finger():
    index = Contact(finger="index", start_ns=1000 * MS)
    near, far = (Contact(finger="index", start_ns=t * MS) for t in (1100, 1101))
    thumb = Contact(finger="thumb", start_ns=1000 * MS)
    assert contact_f1([index], [near]) == 1.0
    assert contact_f1([index], [far]) == 0.0
    assert contact_f1([index], [thumb]) == 0.0
    assert contact_f1([], []) is None


bounds = st.lists(st.integers(0, 1000), min_size=2, max_size=6, unique=True).map(sorted)


@given(bounds, bounds, st.sampled_from([0.1, 0.25, 0.5]))
def test_measures_are_symmetric_and_perfect_with_oneself(first, second, iou):
    a, b = chain(*first), chain(*second)
    assert segment_f1(a, b, iou) == segment_f1(b, a, iou)
    assert edit_score(a, b) == edit_score(b, a)
    assert segment_f1(a, a, 0.5) == edit_score(a, a) == 1.0
    assert np.max([max(v) for v in boundary_errors_ms(a, a).values()]) == 0.0
