"""Pressure bars rise with the press."""

import numpy as np
from PySide6.QtCore import QPoint, Qt

from devices.rig import load_rig
from widgets.pressure_bars import PressureBars
from widgets.theme import color


def test_bar_fills_to_its_share_of_the_range(shown, sample, pixel):
    bars = shown(PressureBars(load_rig("sim-allegro").stream("right/fingertip_pressure")), 400, 240)
    bars.show_sample(sample(np.array([5000.0, 0, 0, 0], np.float32)))
    groove = bars.bar_rect(0)
    middle = groove.center().x()
    assert pixel(bars, middle, groove.bottom() - 4) == color("accent")
    assert pixel(bars, middle, groove.center().y() + 3) == color("accent")
    assert pixel(bars, middle, groove.center().y() - 3) == color("raised")
    other = bars.bar_rect(1)
    assert pixel(bars, other.center().x(), other.bottom() - 4) == color("raised")


def test_range_grows_with_a_strong_press_and_double_click_starts_it_afresh(shown, sample, qtbot):
    bars = shown(PressureBars(load_rig("sim-allegro").stream("right/fingertip_pressure")), 400, 240)
    bars.show_sample(sample(np.array([0, 33_000.0, 0, 0], np.float32)))
    assert bars.range_kpa == 50.0
    bars.show_sample(sample(np.zeros(4, np.float32)))
    assert bars.range_kpa == 50.0
    qtbot.mouseDClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert bars.range_kpa == 10.0
