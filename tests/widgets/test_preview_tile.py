"""The preview's tile says that it starts, and what it is not sure of."""

from __future__ import annotations

import numpy as np

from devices.clock import now_ns
from devices.rig import load_rig
from devices.stream import Sample
from recorder.cleaning.live_stream import preview_source, preview_stream
from widgets.preview_tile import PreviewTile
from widgets.theme import color


def test_it_does_not_ask_for_cables_while_it_starts_and_writes_its_doubt_on_the_picture(shown):
    spec = preview_stream(preview_source(load_rig("sim-xhand")))
    tile = shown(PreviewTile(spec, "front, preview"), 400, 330)
    assert "starting" in tile.waiting[0]
    assert "cable" not in tile.waiting[1]
    picture = np.full((spec.shape[0], spec.shape[1], 3), 200, np.uint8)
    tile.show_sample(Sample(1, now_ns(), None, 0, picture))
    foot = (tile.width() // 2, tile._picture_rect().bottom() - 2)
    assert tile.grab().toImage().pixelColor(*foot).red() == 200
    tile.set_doubt("the camera moved")
    assert tile.grab().toImage().pixelColor(*foot) == color("background")
    assert tile.accessibleDescription() == "the camera moved"
    tile.set_doubt("")
    assert tile.accessibleDescription() == ""
