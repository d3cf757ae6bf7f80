from __future__ import annotations

import numpy as np

from recorder.cleaning.masks.grow import grow
from recorder.cleaning.parameters import CleanParameters


def _scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    texture = random.normal(0, 6, (120, 160, 1))
    plate = np.clip(np.array([170.0, 130.0, 95.0]) + texture, 0, 255).astype(np.uint8)
    image = plate.copy()
    image[40:80, 90:110] = np.rint(plate[40:80, 90:110] * 0.7)  # shadow beside the hand
    image[40:80, 20:35] = np.rint(plate[40:80, 20:35] * 0.7)  # shadow of something else
    image[40:80, 50:60] = (90, 90, 140)  # darker too, but of another colour
    image[40:80, 60:90] = (205, 150, 120)
    mask = np.zeros((120, 160), np.bool_)
    mask[40:80, 60:90] = True
    return mask, image, plate


def test_it_grows_by_a_disc() -> None:
    mask, image, plate = _scene()
    grown = grow(mask, image, plate, CleanParameters(dilation_px=5))
    assert grown[35, 70]
    assert not grown[34, 70]
    assert not grown[35, 55], "corners are round"


def test_shadow_beside_the_mask_is_taken_and_nothing_else() -> None:
    mask, image, plate = _scene()
    grown = grow(mask, image, plate, CleanParameters(dilation_px=2, shadow_px=24))
    assert grown[45:75, 92:109].mean() > 0.95
    assert grown[42:78, 20:35].mean() < 0.05, "a shadow that does not touch the mask"
    assert grown[42:78, 50:56].mean() < 0.2, "another colour is no shadow"
    assert not grown[:, 120:].any()


def test_a_shadow_near_the_mask_that_does_not_touch_it_is_left() -> None:
    mask, image, plate = _scene()
    image[40:80, 40:47] = np.rint(plate[40:80, 40:47] * 0.7)
    grown = grow(mask, image, plate, CleanParameters(dilation_px=2, shadow_px=24))
    assert not grown[42:78, 41:46].any()


def test_shadow_needs_the_parameter_and_a_plate() -> None:
    mask, image, plate = _scene()
    bare = grow(mask, image, plate, CleanParameters(dilation_px=2))
    np.testing.assert_array_equal(
        grow(mask, image, None, CleanParameters(dilation_px=2, shadow_px=24)), bare
    )
    assert not bare[60, 100]


def test_shadow_is_found_under_other_light() -> None:
    mask, image, plate = _scene()
    darker = np.rint(image * 0.8).astype(np.uint8)
    grown = grow(mask, darker, plate, CleanParameters(dilation_px=2, shadow_px=24))
    assert grown[45:75, 92:109].mean() > 0.95
    assert grown.mean() < 0.25


def test_empty_and_full_masks_stay_so() -> None:
    _, image, plate = _scene()
    params = CleanParameters(shadow_px=8)
    assert not grow(np.zeros((120, 160), np.bool_), image, plate, params).any()
    assert grow(np.ones((120, 160), np.bool_), image, plate, params).all()
