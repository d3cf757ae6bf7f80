"""Pictures fill the space without covering each other."""

import pytest
from PySide6.QtCore import QRect

from widgets.player.picture_grid import HEADER_PX, places_of


def _seen(aspect, place):
    wide = min(place.width(), (place.height() - HEADER_PX) * aspect)
    return wide * wide / aspect


@pytest.mark.parametrize("count", range(1, 13))
@pytest.mark.parametrize("size", [(930, 320), (465, 240), (1560, 480), (300, 900)])
def test_tiles_are_apart_inside_and_large_enough_to_see(count, size):
    whole = QRect(0, 0, *size)
    aspects = [4 / 3] * count
    places = places_of(aspects, whole)
    assert len(places) == count
    for number, place in enumerate(places):
        assert whole.contains(place)
        assert not any(place.intersects(other) for other in places[:number])
    smallest = min(_seen(4 / 3, place) for place in places)
    assert smallest >= 0.15 * size[0] * size[1] / count


def test_first_picture_is_never_smaller_than_the_others():
    for count in range(2, 9):
        aspects = [4 / 3] * count
        places = places_of(aspects, QRect(0, 0, 930, 330))
        seen = [_seen(4 / 3, place) for place in places]
        assert seen[0] >= 0.95 * max(seen)


def test_nothing_to_show_needs_no_place():
    assert places_of([], QRect(0, 0, 100, 100)) == []
