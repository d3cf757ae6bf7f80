"""Rows get the sample that belongs to them, or the nearest one and a mark."""

from types import SimpleNamespace

import numpy as np
import pytest

from devices.stream import StreamSpec
from recorder.exporters.sampling import pick, row_times_ns, rows_before, values_at

MS = 1_000_000


def _stream(stamps_ms, seq=None, kind="image", rate_hz=100.0, rows=None, name="front/rgb"):
    stamps = np.asarray(stamps_ms, np.int64) * MS
    data = np.arange(len(stamps), dtype=np.float64)[:, None] if rows is None else np.asarray(rows)
    spec = StreamSpec(name=name, kind=kind, dtype="<f8", shape=data.shape[1:], rate_hz=rate_hz)

    class _Stream(SimpleNamespace):
        def __len__(self):
            return len(self.stamp_ns)

    return _Stream(
        spec=spec,
        name=name,
        stamp_ns=stamps,
        seq=np.arange(len(stamps), dtype=np.uint64) if seq is None else np.asarray(seq, np.uint64),
        rows=lambda where: data[where],
    )


def _pick(stream, at_ms, policy=None):
    return pick(stream, np.asarray(at_ms, np.int64) * MS, policy or {})


@pytest.mark.parametrize("rate_hz", [1, 7, 24, 30, 45, 60, 144, 200])
def test_row_times_are_the_exact_quotients_rounded_to_nanoseconds(rate_hz):
    times = row_times_ns(1000, rate_hz)
    for k in (0, 1, 2, 3, 500, 999):
        assert abs(int(times[k]) * rate_hz - k * 1_000_000_000) * 2 <= rate_hz
    assert times.dtype == np.int64


@pytest.mark.parametrize("rate_hz", [7, 30, 60])
@pytest.mark.parametrize("stop_ns", [0, 1, 33_333_333, 33_333_334, 1_000_000_000, 1_000_000_001])
def test_rows_are_those_before_the_end(rate_hz, stop_ns):
    times = row_times_ns(100, rate_hz)
    assert rows_before(stop_ns, rate_hz) == int((times < stop_ns).sum())


def test_nearest_takes_the_closer_sample():
    picked = _pick(_stream([0, 10, 20]), [0, 4, 6, 20])
    assert picked.index.tolist() == [0, 0, 1, 2]
    assert picked.valid.all()


def test_a_row_of_a_lost_picture_is_marked_and_gets_the_nearest_one():
    stream = _stream([0, 10, 30, 40], seq=[0, 1, 3, 4])
    picked = _pick(stream, [0, 10, 19, 21, 30, 40])
    assert picked.index.tolist() == [0, 1, 1, 2, 2, 3]
    assert picked.valid.tolist() == [True, True, False, False, True, True]


@pytest.mark.parametrize("kind", ["image", "force"])
def test_a_lost_sample_is_known_by_its_number_even_where_a_neighbour_is_close(kind):
    stream = _stream([0, 10, 30, 40], seq=[0, 1, 3, 4], kind=kind)
    picked = _pick(stream, [14, 16, 24, 26])
    assert picked.index.tolist() == [1, 1, 2, 2]
    assert picked.valid.tolist() == [True, False, False, True]


def test_a_picture_that_never_came_without_a_gap_in_numbers_is_marked_by_its_distance():
    picked = _pick(_stream([0, 10, 40, 50]), [10, 20, 30, 40])
    assert picked.valid.tolist() == [True, False, False, True]


def test_hold_never_looks_ahead():
    picked = _pick(_stream([0, 10, 20], kind="control"), [9, 10, 19], {"control": "hold"})
    assert picked.index.tolist() == [0, 1, 1]


def test_before_the_first_sample_hold_repeats_it_and_marks_it():
    picked = _pick(_stream([10, 20], kind="control"), [0], {"control": "hold"})
    assert picked.index.tolist() == [0]
    assert not picked.valid[0]


def test_joints_are_interpolated_between_neighbours():
    data, valid, stamps, policy = values_at(
        _stream([0, 10, 20], kind="joints"), np.array([5, 10, 18]) * MS, {}
    )
    assert data[:, 0].tolist() == [0.5, 1.0, 1.8]
    assert valid.all()
    assert stamps.tolist() == [0, 10 * MS, 10 * MS]
    assert policy == "interpolate"


def test_joints_are_not_drawn_across_a_lost_sample():
    stream = _stream([0, 10, 30], seq=[0, 1, 3], kind="joints")
    data, valid, _, _ = values_at(stream, np.array([10, 18, 22, 30]) * MS, {})
    assert data[:, 0].tolist() == [1.0, 1.0, 2.0, 2.0]
    assert valid.tolist() == [True, False, False, True]


def test_a_sample_that_is_not_a_number_counts_as_lost():
    rows = [[0.0], [np.nan], [2.0]]
    data, valid, _, _ = values_at(
        _stream([0, 10, 20], kind="joints", rows=rows), np.array([0, 9, 20]) * MS, {}
    )
    assert data[:, 0].tolist() == [0.0, 0.0, 2.0]
    assert valid.tolist() == [True, False, True]


def test_taxels_refuse_to_be_interpolated():
    with pytest.raises(ValueError, match="taxels must not be interpolated"):
        _pick(_stream([0, 10], kind="taxels"), [5], {"taxels": "interpolate"})


def test_an_empty_stream_gives_zeros_that_are_nowhere_valid():
    stream = _stream([], kind="force", rows=np.empty((0, 2)))
    data, valid, stamps, _ = values_at(stream, np.arange(3) * MS, {})
    assert data.tolist() == [[0.0, 0.0]] * 3
    assert not valid.any()
    assert stamps.tolist() == [-1, -1, -1]


def test_a_publisher_that_began_anew_has_lost_nothing_by_its_numbers():
    picked = _pick(_stream([0, 10, 20], seq=[8, 9, 0]), [0, 10, 20])
    assert picked.valid.all()
