"""The smooth picture is the mean of the shifted ones."""

from PySide6.QtGui import QColor, QImage

from widgets.still_picture import SHIFTS_PX, StillPicture


def _grey(level, width=8):
    image = QImage(width, 4, QImage.Format.Format_RGB32)
    image.fill(QColor(level, level, level))
    return image


def test_smooth_picture_comes_with_the_last_shift_and_is_the_mean():
    still = StillPicture()
    shifts, smooth = [], None
    for level in (0, 100, 200, 100):
        assert smooth is None
        shifts.append(still.next_shift_px)
        smooth = still.add(_grey(level))
    assert tuple(shifts) == SHIFTS_PX
    assert smooth.pixelColor(3, 2).getRgb()[:3] == (100, 100, 100)
    assert still.next_shift_px == SHIFTS_PX[0]


def test_movement_and_a_new_size_begin_again():
    still = StillPicture()
    still.add(_grey(0))
    still.clear()
    still.add(_grey(0))
    assert still.add(_grey(200, width=12)) is None
    for _ in range(2):
        assert still.add(_grey(200, width=12)) is None
    assert still.add(_grey(200, width=12)).pixelColor(1, 1).red() == 200


def test_shifts_cover_the_pixel_evenly():
    assert sum(x for x, _ in SHIFTS_PX) == 0
    assert sum(y for _, y in SHIFTS_PX) == 0
    assert len({x for x, _ in SHIFTS_PX}) == len({y for _, y in SHIFTS_PX}) == 4
