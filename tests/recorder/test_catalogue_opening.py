"""Processes that open a new catalogue at the same moment wait for one another, but not for ever."""

from __future__ import annotations

import sqlite3

import pytest

from recorder import catalogue_database


class Contended:
    """A connection on which the switch to WAL meets another process ``times`` times."""

    def __init__(self, times: int, words: str = "database is locked") -> None:
        self.left, self.words, self.orders = times, words, []

    def execute(self, order: str) -> None:
        self.orders.append(order)
        if self.left:
            self.left -= 1
            raise sqlite3.OperationalError(self.words)


def test_a_switch_that_meets_another_one_is_tried_again():
    connection = Contended(3)
    catalogue_database._use_write_ahead_log(connection)
    assert connection.orders == ["PRAGMA journal_mode=WAL"] * 4


def test_a_catalogue_that_stays_locked_is_said_to_be(monkeypatch):
    monkeypatch.setattr(catalogue_database, "LOCK_WAIT_S", 0.05)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        catalogue_database._use_write_ahead_log(Contended(10**9))


def test_another_fault_is_not_waited_for():
    connection = Contended(1, "disk I/O error")
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        catalogue_database._use_write_ahead_log(connection)
    assert len(connection.orders) == 1
