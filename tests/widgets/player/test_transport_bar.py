"""The bar under the pictures fits its room: the task can be read, nothing lies over another."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtWidgets import QWidget

from recorder.player.transport import Transport
from widgets.player.transport_bar import TransportBar

TITLE = "episode 12   pick-up-the-ball   P01  kinesthetic  operator: success"


@pytest.fixture
def bar(shown) -> TransportBar:
    made = shown(TransportBar(), 1300, 40)
    made.set_title(TITLE)
    made.follow(Transport(60_000_000_000), 12, skips=True)
    return made


def visible(bar: TransportBar) -> list[QWidget]:
    layout = bar.layout()
    widgets = [layout.itemAt(place).widget() for place in range(layout.count())]
    return [widget for widget in widgets if widget.isVisible()]


@pytest.mark.parametrize("width_px", [1300, 904, 700, 520])
def test_no_control_lies_over_another(bar: TransportBar, width_px: int):
    bar.resize(width_px, 40)
    for one, two in combinations(visible(bar), 2):
        assert not one.geometry().intersects(two.geometry())
    assert all(widget.geometry().right() <= width_px for widget in visible(bar))


def test_the_task_can_be_read_in_a_window_of_1280_pixels(bar: TransportBar):
    bar.resize(904, 40)
    assert "pick-up" in bar.title.text()
    assert bar.direction_button.text() == "\N{BLACK RIGHT-POINTING TRIANGLE}"
    assert bar.direction_button.accessibleDescription() == "forwards"
    bar.resize(1300, 40)
    assert bar.direction_button.text().endswith("forwards")
    assert bar.fit_button.isVisible()
