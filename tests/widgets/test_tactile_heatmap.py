"""Heatmaps put each taxel's force where the finger felt it."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics, QWheelEvent

from devices.rig import load_rig
from widgets.colormaps import FORCE_MAP, nice_ceiling, table
from widgets.tactile_heatmap import TactileHeatmap, first_that_fits, total_text
from widgets.theme import font


def _heatmap(rig="sim-xhand", side="right"):
    config = load_rig(rig)
    return TactileHeatmap(config.stream(f"{side}/taxels"), config.hand(side).spec.pads)


def _forces(**at):
    forces = np.zeros((5, 120, 3), np.float32)
    for name, value in at.items():
        finger, taxel = (int(part) for part in name[1:].split("_"))
        forces[finger, taxel] = value
    return forces


def _centre(widget, pixel, finger, taxel):
    middle = widget.taxel_rect(finger, taxel).center()
    return pixel(widget, middle.x(), middle.y())


@pytest.mark.parametrize("taxel", [0, 57, 119])
def test_loaded_taxel_lights_up_and_the_others_stay_dark(shown, sample, pixel, taxel):
    heatmap = shown(_heatmap(), 480, 260)
    heatmap.show_sample(sample(_forces()))
    assert _centre(heatmap, pixel, 1, taxel).lightness() < 12
    heatmap.show_sample(sample(_forces(**{f"f1_{taxel}": (0, 0, 1.0)})))
    assert _centre(heatmap, pixel, 1, taxel).getRgb()[:3] == tuple(table(FORCE_MAP)[255])
    assert _centre(heatmap, pixel, 1, (taxel + 60) % 120).lightness() < 12
    assert _centre(heatmap, pixel, 2, taxel).lightness() < 12


def test_distal_row_is_up_and_the_left_hand_is_a_mirror_image(shown):
    right = shown(_heatmap(), 480, 260)
    assert right.taxel_rect(1, 119).center().y() < right.taxel_rect(1, 0).center().y()
    left = shown(_heatmap("sim-bimanual", "left"), 480, 260)
    assert right.pad_rect(0).x() < right.pad_rect(4).x()
    assert left.pad_rect(0).x() > left.pad_rect(4).x()
    assert right.taxel_rect(1, 9).x() > right.taxel_rect(1, 0).x()
    assert left.taxel_rect(1, 9).x() < left.taxel_rect(1, 0).x()


def test_shear_is_an_arrow_from_the_taxel_in_the_direction_of_the_force(shown, sample, pixel):
    heatmap = shown(_heatmap(), 640, 400)
    cell = heatmap.taxel_rect(2, 55)
    beside = cell.center() + QPointF(cell.width() * 1.2, 0)
    heatmap.show_sample(sample(_forces()))
    assert pixel(heatmap, beside.x(), beside.y()).blue() < 40
    heatmap.show_sample(sample(_forces(f2_55=(0, 1.0, 0))))  # across the finger: to the right
    assert pixel(heatmap, beside.x(), beside.y()).blue() > 120
    above = cell.center() - QPointF(0, cell.height() * 1.2)
    heatmap.show_sample(sample(_forces(f2_55=(1.0, 0, 0))))  # towards the tip: up
    assert pixel(heatmap, above.x(), above.y()).blue() > 120


def test_saturated_taxel_is_crossed_out(shown, sample, pixel):
    heatmap = shown(_heatmap(), 640, 400)
    heatmap.set_range_n(20.0)
    heatmap.show_sample(sample(_forces(f0_60=(0, 0, 19.0))))
    below = _centre(heatmap, pixel, 0, 60).lightness()
    heatmap.show_sample(sample(_forces(f0_60=(0, 0, 20.0))))
    assert below > 120
    assert _centre(heatmap, pixel, 0, 60).lightness() < 100


def test_auto_range_follows_the_strongest_taxel_and_fixed_range_stays(shown, sample, qtbot):
    heatmap = shown(_heatmap(), 480, 260)
    heatmap.show_sample(sample(_forces(f0_5=(0, 0, 3.3))))
    assert heatmap.range_n == 1.0
    qtbot.mouseClick(heatmap.auto_button, Qt.MouseButton.LeftButton)
    assert heatmap.range_n == 5.0
    heatmap.show_sample(sample(_forces(f0_5=(0, 0, 7.0))))
    assert heatmap.range_n == 10.0
    assert heatmap.legend == ("0 N", "5 N", "10 N")


def test_wheel_steps_the_range(shown, qtbot):
    heatmap = shown(_heatmap(), 480, 260)
    place = QPointF(100, 100)
    event = QWheelEvent(
        place, place, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    heatmap.wheelEvent(event)
    assert heatmap.range_n == 2.0


def test_old_touch_fades_and_says_stale(shown, sample, pixel):
    heatmap = shown(_heatmap(), 480, 260)
    forces = _forces(f4_60=(0, 0, 1.0))
    heatmap.show_sample(sample(forces))
    fresh = _centre(heatmap, pixel, 4, 60).lightness()
    heatmap.show_sample(sample(forces, age_s=3.0, seq=70))
    assert _centre(heatmap, pixel, 4, 60).lightness() < fresh / 2


def test_total_of_an_untouched_finger_stands_still_and_a_light_touch_counts():
    noise = np.random.default_rng(3).standard_normal((400, 120, 3)) * 0.002
    assert {total_text(forces) for forces in noise} == {"0.0 N"}
    assert np.max(np.linalg.norm(noise.sum(axis=1), axis=1)) > 0.05  # rounded, it would flicker
    touch = noise[0].copy()
    touch[60] += (0.0, 0.0, 0.2)
    assert total_text(touch) == "0.2 N"
    touch[60] += (0.0, 0.0, 12.0)
    assert total_text(touch) == "12 N"


def test_wrong_number_of_pads_is_refused():
    config = load_rig("sim-xhand")
    with pytest.raises(ValueError, match="has 5 pads, got 2"):
        TactileHeatmap(config.stream("right/taxels"), config.hand("right").spec.pads[:2])


@pytest.mark.parametrize(
    ("value", "ceiling"), [(0.0, 1.0), (0.13, 0.2), (1.0, 1.0), (3.3, 5.0), (51, 100.0)]
)
def test_legend_ends_on_a_round_number(value, ceiling):
    assert nice_ceiling(value) == pytest.approx(ceiling)


def test_the_longest_text_that_has_room_is_shown(qapp):
    metrics = QFontMetrics(font(9))
    assert first_that_fits(("middle", "M"), metrics, 200) == "middle"
    assert first_that_fits(("middle", "M"), metrics, 14) == "M"
    assert first_that_fits(("middle", "M"), metrics, 1) == "M"
