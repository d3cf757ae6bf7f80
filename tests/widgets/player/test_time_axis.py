"""Pixels to instants and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.player.time_axis import LEAST_WINDOW_NS, TimeAxis, clock_text, zoomed

S = 1_000_000_000


@given(st.integers(0, 3600 * S), st.integers(LEAST_WINDOW_NS, 3600 * S), st.integers(50, 3000))
def test_pixel_of_the_instant_under_a_pixel_is_that_pixel(start, span, width):
    axis = TimeAxis(start, start + span, width)
    for x in (0, width // 3, width - 1):
        assert axis.x(axis.time_ns(x)) == pytest.approx(x, abs=1e-3)


@given(
    st.integers(0, 60 * S - 1), st.floats(0.05, 20.0), st.integers(0, 60 * S), st.integers(1, 60)
)
def test_zoom_never_leaves_the_episode(start, factor, around, seconds):
    duration = 60 * S
    stop = min(duration, start + seconds * S)
    start, stop = zoomed(start, stop, factor, around, duration)
    assert 0 <= start < stop <= duration
    assert stop - start >= LEAST_WINDOW_NS


def test_zoom_keeps_the_instant_at_its_place():
    start, stop = zoomed(10 * S, 20 * S, 0.5, 12 * S, 60 * S)
    assert (start, stop) == (11 * S, 16 * S)


def test_episode_shorter_than_the_least_view_is_shown_whole():
    assert zoomed(0, 10_000_000, 0.1, 0, 10_000_000) == (0, 10_000_000)


def test_ticks_are_round_and_apart():
    step_s, ticks = TimeAxis(0, 60 * S, 800).ticks()
    assert step_s == 10
    assert ticks == [n * 10 * S for n in range(6)]
    step_s, ticks = TimeAxis(1_234_000_000, 1_534_000_000, 800).ticks()
    assert step_s == 0.05
    assert ticks[0] == 1_250_000_000


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [(0, "00:00.00"), (8_409_999_999, "00:08.40"), (60 * S, "01:00.00"), (600 * S, "10:00.00")],
)
def test_clock_says_minutes_seconds_and_hundredths_rounded_down(time_ns, text):
    assert clock_text(time_ns) == text
