"""Timed chunks: who answers, how chunks overlap, and which are refused."""

from __future__ import annotations

import numpy as np
import pytest

from devices.clock import NS_PER_MS
from policies.chunks import ActionChunk, ChunkSchedule

MS = NS_PER_MS


def chunk(first_ms: int, value: float, count: int = 16, observed_ms: int | None = None):
    """Actions every 20 ms from ``first_ms``, all of ``value`` (forces ten times that)."""
    due = (first_ms + 20 * np.arange(count)) * MS
    observed = (first_ms if observed_ms is None else observed_ms) * MS
    return ActionChunk(observed, due, np.full((count, 3), value), np.full((count, 2), 10 * value))


def ramp(first_ms: int) -> ActionChunk:
    due = (first_ms + 20 * np.arange(16)) * MS
    return ActionChunk(
        first_ms * MS, due, np.repeat(np.arange(16.0)[:, None], 3, 1), np.zeros((16, 2))
    )


def test_between_two_actions_the_answer_is_between_them():
    schedule = ChunkSchedule(3, 2)
    assert schedule.add(ramp(100), 100 * MS) == ""
    assert schedule.due(100 * MS).positions[0] == 0
    assert schedule.due(130 * MS).positions[0] == pytest.approx(1.5)
    assert schedule.due(400 * MS).positions[0] == 15


def test_before_the_first_and_after_the_last_action_nothing_is_due():
    schedule = ChunkSchedule(3, 2)
    schedule.add(ramp(100), 90 * MS)
    assert schedule.due(99 * MS) is None
    assert schedule.due(401 * MS) is None


def test_latest_lets_the_newest_chunk_answer_at_once():
    schedule = ChunkSchedule(3, 2, "latest")
    schedule.add(chunk(0, 1.0), 50 * MS)
    schedule.add(chunk(100, 2.0), 150 * MS)
    due = schedule.due(160 * MS)
    assert due.positions[0] == 2.0
    assert due.forces_n[0] == 20.0
    assert due.chunk_age_ns == 60 * MS


def test_an_ensemble_weighs_the_newer_chunk_a_little_more():
    schedule = ChunkSchedule(3, 2, "ensemble", rate=-0.01)
    schedule.add(chunk(0, 0.0), 0)
    schedule.add(chunk(100, 1.0), 100 * MS)
    share = np.exp(0.01) / (1 + np.exp(0.01))
    assert schedule.due(200 * MS).positions[0] == pytest.approx(share)


def test_an_ensemble_is_of_eight_chunks_at_most():
    schedule = ChunkSchedule(3, 2, "ensemble", rate=0.0)
    for number in range(12):
        schedule.add(chunk(20 * number, float(number)), 20 * number * MS)
    assert schedule.due(230 * MS).positions[0] == pytest.approx(np.mean(range(4, 12)))


def test_committed_actions_are_left_gradually():
    schedule = ChunkSchedule(3, 2, "committed", blend_ns=100 * MS)
    schedule.add(chunk(0, 1.0), 0)
    schedule.add(chunk(100, 2.0), 150 * MS)
    assert schedule.due(150 * MS).positions[0] == 1.0
    assert schedule.due(200 * MS).positions[0] == pytest.approx(1.5)
    assert schedule.due(250 * MS).positions[0] == 2.0


def test_a_chunk_that_is_all_past_is_refused_and_counted():
    schedule = ChunkSchedule(3, 2)
    said = schedule.add(chunk(0, 1.0), 500 * MS)
    assert said == "chunk refused: its last action was due 200 ms ago"
    assert schedule.late == 1
    assert schedule.due(500 * MS) is None


def test_a_chunk_from_an_old_observation_is_refused():
    schedule = ChunkSchedule(3, 2)
    assert "1500 ms old; the limit is 1000 ms" in schedule.add(
        chunk(1500, 1.0, observed_ms=0), 1500 * MS
    )


def test_chunks_never_go_back_in_time():
    schedule = ChunkSchedule(3, 2)
    schedule.add(chunk(200, 2.0), 200 * MS)
    assert "older than the one before" in schedule.add(chunk(100, 1.0), 210 * MS)
    assert schedule.due(210 * MS).positions[0] == 2.0


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("positions", np.full((16, 3), np.nan), "positions[0, 0] is nan"),
        ("positions", np.zeros((16, 4)), "expected (16, 3)"),
        ("forces_n", np.full((16, 2), np.inf), "forces[0, 0] is inf"),
        ("forces_n", np.zeros((15, 2)), "expected (16, 2)"),
        ("due_ns", np.zeros(16, np.int64), "due times do not increase"),
    ],
)
def test_a_chunk_with_a_fault_is_refused_with_its_place(field, value, words):
    fields = vars(chunk(100, 1.0)) | {field: value}
    schedule = ChunkSchedule(3, 2)
    assert words in schedule.add(ActionChunk(**fields), 100 * MS)
    assert schedule.due(100 * MS) is None


def test_after_a_takeover_old_chunks_are_forgotten():
    schedule = ChunkSchedule(3, 2)
    schedule.add(chunk(0, 1.0), 0)
    assert schedule.end_ns == 300 * MS
    schedule.clear()
    assert schedule.due(100 * MS) is None
    assert schedule.end_ns is None
