"""Time that moves: exactly, within its bounds, over what is to be played."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.player.transport import SPEEDS, STEP_NS, Transport
from recorder.review.state import Interval

S = 1_000_000_000
speeds = st.floats(0.1, 8.0)
elapsed = st.lists(st.floats(0.0, 0.5), min_size=1, max_size=30)
durations = st.integers(1, 20 * S)


def playing(duration_ns: int = 10 * S, at_ns: int = 0, direction: int = 1) -> Transport:
    transport = Transport(duration_ns)
    transport.seek(at_ns)
    transport.direction = direction
    transport.playing = True
    return transport


def spans(*pairs: tuple[int, int]) -> tuple[Interval, ...]:
    return tuple(Interval(start_ns=a, stop_ns=b) for a, b in pairs)


def test_a_second_at_each_speed_moves_that_many_seconds() -> None:
    for speed in SPEEDS:
        transport = playing()
        transport.set_speed(speed)
        assert transport.tick(1.0) == round(speed * S)


def test_a_paused_transport_stands_still() -> None:
    transport = playing()
    transport.pause()
    assert transport.tick(1.0) == 0


@given(speeds, st.lists(st.integers(0, 10_000), min_size=1, max_size=200))
def test_many_small_ticks_lose_less_than_a_nanosecond(speed: float, ticks_ns: list[int]) -> None:
    transport = playing()
    transport.set_speed(speed)
    for tick_ns in ticks_ns:
        transport.tick(tick_ns / S)
    exact = sum(ticks_ns) * round(1000 * speed)
    assert exact - 1000 < 1000 * transport.time_ns <= exact


def test_a_tenth_speed_reaches_the_same_time_by_one_nanosecond_ticks_as_by_one_tick() -> None:
    transport = playing()
    transport.set_speed(0.1)
    for _ in range(1000):
        transport.tick(1e-9)
    assert transport.time_ns == 100


@given(durations, speeds, elapsed, st.sampled_from((1, -1)), st.data())
def test_time_never_leaves_the_episode(duration, speed, ticks, direction, data) -> None:
    at_ns = data.draw(st.integers(0, duration))
    transport = playing(duration, at_ns, direction)
    transport.set_speed(speed)
    before = at_ns
    for tick_s in ticks:
        now = transport.tick(tick_s)
        assert 0 <= now <= duration
        assert (now - before) * direction >= 0
        before = now


def test_playing_ends_at_the_end_it_goes_to() -> None:
    forwards = playing(S, S - 5)
    assert forwards.tick(1.0) == S
    assert not forwards.playing
    backwards = playing(S, 5, -1)
    assert backwards.tick(1.0) == 0
    assert not backwards.playing


@pytest.mark.parametrize("tick_ns", [4, 5, 6])
def test_the_last_instant_is_reached_and_not_passed(tick_ns: int) -> None:
    for direction, at_ns, end_ns in ((1, S - 5, S), (-1, 5, 0)):
        transport = playing(S, at_ns, direction)
        assert transport.tick(tick_ns * 1e-9) == at_ns + direction * min(tick_ns, 5)
        assert transport.playing == (transport.time_ns != end_ns)


def test_playing_on_before_the_end_goes_on_playing() -> None:
    transport = playing(S, 0)
    transport.tick(0.5)
    assert transport.playing


def test_play_at_the_end_begins_again() -> None:
    transport = Transport(S)
    transport.seek(S)
    transport.play()
    assert (transport.time_ns, transport.playing) == (0, True)
    transport.direction = -1
    transport.play()
    assert transport.time_ns == S


def test_seeking_is_kept_within_the_episode() -> None:
    transport = Transport(S)
    assert transport.seek(-5) == 0
    assert transport.seek(2 * S) == S
    assert transport.seek(17) == 17


def test_speed_is_kept_within_its_limits_and_walks_the_list() -> None:
    transport = Transport(S)
    transport.set_speed(100.0)
    assert transport.speed == 8.0
    transport.faster()
    assert transport.speed == 8.0
    transport.slower()
    assert transport.speed == 4.0
    transport.set_speed(0.0)
    assert transport.speed == 0.1
    transport.faster()
    assert transport.speed == 0.25


def test_a_loop_holds_its_start_and_not_its_stop() -> None:
    transport = playing(S, 100)
    (transport.loop,) = spans((100, 200))
    assert transport.tick(99e-9) == 199
    assert transport.tick(1e-9) == 100
    transport.reverse()
    assert transport.tick(1e-9) == 199


@given(elapsed, speeds, st.sampled_from((1, -1)), st.data())
def test_a_loop_is_left_by_neither_direction(ticks, speed, direction, data) -> None:
    duration = data.draw(st.integers(10, 5 * S))
    start = data.draw(st.integers(0, duration))
    stop = data.draw(st.integers(start + 1, duration + S))
    transport = playing(duration, data.draw(st.integers(0, duration)), direction)
    (transport.loop,) = spans((start, stop))
    transport.set_speed(speed)
    for tick_s in ticks:
        now = transport.tick(tick_s)
        assert start <= now < stop
        assert now <= duration
    assert transport.playing


def test_a_loop_beyond_the_end_is_refused() -> None:
    transport = Transport(S)
    with pytest.raises(ValueError, match="after the end"):
        (transport.loop,) = spans((S + 1, S + 2))


def test_idle_stretches_are_jumped_over_and_take_no_time() -> None:
    transport = playing(S, 0)
    transport.skip = spans((100, 200))
    assert transport.tick(99e-9) == 99
    assert transport.tick(1e-9) == 200
    transport.reverse()
    assert transport.tick(1e-9) == 99


def test_playing_from_within_an_idle_stretch_leaves_it_at_once() -> None:
    for direction, expected in ((1, 210), (-1, 89)):
        transport = playing(S, 150, direction)
        transport.skip = spans((100, 200))
        assert transport.tick(10e-9) == expected


def test_seeking_and_stepping_still_reach_idle_stretches() -> None:
    transport = Transport(S, [0, 150, 300])
    transport.skip = spans((100, 200))
    assert transport.step() == 150
    assert transport.seek(170) == 170


def test_an_episode_that_ends_idle_still_plays_to_its_end() -> None:
    transport = playing(S, 0)
    transport.skip = spans((100, 2 * S))
    assert transport.tick(1.0) == S
    assert not transport.playing


def test_skipping_everything_skips_nothing() -> None:
    transport = playing(S, 0)
    transport.skip = spans((0, 2 * S))
    assert transport.tick(10e-9) == 10


@given(elapsed, speeds, st.sampled_from((1, -1)), st.data())
def test_no_idle_instant_is_shown_and_the_played_time_is_exact(
    ticks, speed, direction, data
) -> None:
    duration = S
    edges = sorted(data.draw(st.sets(st.integers(1, duration - 1), min_size=2, max_size=8)))
    idle = spans(*zip(edges[::2], edges[1::2], strict=False))
    played = [t for t in (0, duration) if not any(i.contains(t) for i in idle)]
    start = played[0] if direction > 0 else played[-1]
    transport = playing(duration, start, direction)
    transport.skip = idle
    transport.set_speed(speed)
    permille = 0
    for tick_s in ticks:
        now = transport.tick(tick_s)
        permille += round(tick_s * S) * round(1000 * speed)
        if not transport.playing:
            break
        assert not any(i.contains(now) for i in idle)
        low, high = sorted((start, now))
        crossed = sum(
            i.stop_ns - i.start_ns for i in idle if low < i.start_ns and i.stop_ns <= high
        )
        assert high - low - crossed == permille // 1000


def test_steps_go_from_sample_to_sample() -> None:
    transport = Transport(S, [10, 20, 35])
    assert transport.step(-1) == 0
    assert transport.step(1) == 10
    assert transport.step(1) == 20
    transport.seek(34)
    assert transport.step(1) == 35
    assert transport.step(1) == 35
    transport.seek(34)
    assert transport.step(-1) == 10
    assert transport.step(-1) == 10
    assert transport.step(2) == 35


def test_a_step_pauses() -> None:
    transport = playing()
    transport.step(1)
    assert not transport.playing


def test_without_a_stream_a_step_is_a_thirtieth_of_a_second() -> None:
    transport = Transport(S)
    assert transport.step(3) == 3 * STEP_NS
    assert transport.step(-1) == 2 * STEP_NS
    assert transport.step(-5) == 0


def test_an_empty_episode_can_be_played() -> None:
    transport = Transport(0)
    transport.play()
    assert transport.tick(1.0) == 0
    assert not transport.playing
    assert transport.step(1) == 0
