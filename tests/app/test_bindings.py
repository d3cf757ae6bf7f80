"""Bindings of pedals and gamepad buttons: one meaning at a time."""

from __future__ import annotations

import pytest

from app.actions import ActionId
from app.bindings import resolve_bindings


def test_a_pedal_means_one_thing_in_record_and_another_in_review():
    held, problems = resolve_bindings({"take.record": "pedal:KEY_A", "review.play": "pedal:KEY_A"})
    assert problems == []
    assert held == {ActionId.RECORD: "pedal:KEY_A", ActionId.REVIEW_PLAY: "pedal:KEY_A"}


@pytest.mark.parametrize("other", ["take.stop", "stop"])
def test_a_pedal_means_one_thing_at_a_time(other):
    held, problems = resolve_bindings({"take.record": "pedal:KEY_A", other: "pedal:KEY_A"})
    assert list(held) == [ActionId.RECORD]
    assert "take.record" in problems[0]


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("take.dance", "pedal:KEY_A"),
        ("take.record", "mouse:KEY_A"),
        ("take.record", "pedal:"),
        ("take.record", "pedal:KEY_A; rm"),
        ("help.keys", "pedal:KEY_A"),
    ],
)
def test_what_cannot_be_bound_is_refused_with_a_sentence(name, control):
    held, problems = resolve_bindings({name: control})
    assert held == {}
    assert len(problems) == 1


@pytest.mark.parametrize("control", ["gamepad:BTN_SOUTH", "gamepad:ABS_HAT0X-", "gamepad:ABS_RZ+"])
def test_buttons_and_directions_of_a_gamepad_can_be_bound(control):
    assert resolve_bindings({"review.play": control})[0] == {ActionId.REVIEW_PLAY: control}
