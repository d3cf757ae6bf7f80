"""Merging the pulls of the person at the window with those of the script."""

from __future__ import annotations

import numpy as np

from devices.bus import Bus
from devices.clock import NS_PER_S
from devices.rig import MAX_PULLS, PULL_FIELDS, load_rig
from devices.wire import pull_request_spec
from policies.pull_merger import PullMerger, merge_pulls


def _rows(**by_row: float) -> np.ndarray:
    rows = np.zeros((MAX_PULLS, PULL_FIELDS))
    for name, value in by_row.items():
        rows[int(name[1:])] = [1.0, 0.0, 0.0, value, *np.zeros(8)]
    return rows


def test_requested_pull_keeps_its_row_when_it_is_free():
    merged = merge_pulls(_rows(r0=5), _rows(r3=7))
    assert merged[0, 3] == 5
    assert merged[3, 3] == 7


def test_requested_pull_moves_aside_for_the_script_while_rows_are_free():
    merged = merge_pulls(_rows(r0=5), _rows(r0=7))
    assert merged[0, 3] == 5
    assert merged[MAX_PULLS - 1, 3] == 7


def test_person_at_the_window_comes_first_when_all_rows_are_taken():
    script = _rows(**{f"r{row}": float(row) for row in range(MAX_PULLS)})
    merged = merge_pulls(script, _rows(r0=99))
    assert merged[MAX_PULLS - 1, 3] == 99
    assert np.array_equal(merged[:-1], script[:-1])


def test_pull_that_is_not_finite_is_dropped():
    broken = _rows(r0=1)
    broken[0, 7] = np.nan
    assert not merge_pulls(None, broken).any()


def test_window_that_falls_silent_has_let_go(namespace):
    bus, rig = Bus(namespace), load_rig("sim-xhand")
    heard = bus.subscriber(rig.stream("operator/pulls"))
    merger = PullMerger(bus, rig)
    window = bus.publisher(pull_request_spec())
    window.send(_rows(r0=4), stamp_ns=10 * NS_PER_S)
    merger.tick(None, 10 * NS_PER_S)
    assert heard.newest().data[0, 3] == 4
    merger.tick(None, 11 * NS_PER_S)
    assert not heard.newest().data.any()


def test_rig_without_a_world_has_no_pulls(namespace):
    merger = PullMerger(Bus(namespace), load_rig("leap"))
    merger.tick(None, NS_PER_S)
    merger.close()
