"""Changing keys: nothing is taken from another action unasked, and everything holds at once."""

from __future__ import annotations

import pytest

from app.actions import ACTIONS, ActionId, resolve_keys
from app.key_book import KeyBook
from app.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def applied() -> list[dict[str, str]]:
    return []


@pytest.fixture
def book(settings, applied) -> KeyBook:
    return KeyBook(settings, lambda: applied.append(dict(settings.keys)))


def key_of(settings: Settings, action_id: ActionId) -> str:
    keys, problems = resolve_keys(settings.keys)
    assert problems == []
    return keys[action_id]


def test_every_action_stands_in_the_book_once(book):
    assert [row.name for row in book.rows()] == [item.id.value for item in ACTIONS]


def test_a_free_key_is_taken_and_put_in_force(book, settings, applied):
    assert book.set_key("take.record", "m") == ("", False)
    assert key_of(settings, ActionId.RECORD) == "M"
    assert applied == [{"take.record": "M"}]


def test_a_key_of_another_action_is_not_taken_and_the_action_is_named(book, settings, applied):
    fault, can_swap = book.set_key("take.record", "S")
    assert "'Stop take'" in fault
    assert can_swap
    assert applied == []
    assert key_of(settings, ActionId.RECORD) == "R"


def test_two_actions_swap(book, settings):
    assert book.swap_key("take.record", "S") == ""
    assert key_of(settings, ActionId.RECORD) == "S"
    assert key_of(settings, ActionId.STOP_TAKE) == "R"
    assert book.swap_key("take.record", "R") == ""
    assert settings.keys == {}


def test_a_global_key_cannot_be_swapped_into_a_clash_elsewhere(book, settings):
    fault = book.swap_key("take.record", "F8")  # R is taken in Review, where Hold works too
    assert "cannot be swapped" in fault
    assert settings.keys == {}


def test_the_key_of_stop_is_not_swapped_away(book, settings):
    assert "cannot be swapped" in book.swap_key("take.record", "F12")
    assert settings.keys == {}


def test_a_key_that_is_none_is_refused_without_a_swap(book):
    fault, can_swap = book.set_key("take.record", "Tab")
    assert "focus" in fault
    assert not can_swap


def test_reset_gives_the_own_key_back_unless_it_is_taken(book, settings):
    book.set_key("take.record", "M")
    book.set_key("take.stop", "R")
    assert "'Stop take'" in book.reset("take.record")
    assert book.reset("take.stop") == ""
    assert book.reset("take.record") == ""
    assert settings.keys == {}


def test_reset_all_forgets_keys_pedals_and_the_mode(book, settings):
    book.set_key("take.record", "M")
    book.set_control("take.record", "pedal:KEY_A")
    book.set_mode("position")
    book.reset_all()
    assert (settings.keys, settings.bindings, settings.key_mode) == ({}, {}, "letter")


def test_a_pedal_is_bound_once_per_workspace(book, settings):
    assert book.set_control("take.record", "pedal:KEY_A") == ""
    assert book.set_control("review.play", "pedal:KEY_A") == ""
    assert "'Record'" in book.set_control("take.stop", "pedal:KEY_A")
    assert "keyboard" in book.set_control("help.keys", "pedal:KEY_B")
    assert settings.bindings == {"take.record": "pedal:KEY_A", "review.play": "pedal:KEY_A"}


def test_the_keys_of_labels_are_not_given_away_in_review(settings):
    book = KeyBook(settings, lambda: None, {"A": "Reach"})
    fault, can_swap = book.set_key("review.play", "A")
    assert "'Reach'" in fault
    assert not can_swap
    assert book.set_key("take.record", "M") == ("", False)
    assert "'Reach'" in book.set_key("hand.hold", "a")[0]
