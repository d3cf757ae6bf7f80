"""What is drawn: key frames by picture, and the way back."""

from __future__ import annotations

from recorder.cleaning.masks.keyframes import KeyFrame
from widgets.clean.sketch import Sketch

LINE = ((1.0, 2.0), (3.0, 4.0))


def test_strokes_of_both_kinds_come_together_on_one_picture():
    sketch = Sketch()
    sketch.add_stroke(4, LINE, True, 7.0)
    sketch.add_stroke(4, LINE, False, 7.0)
    assert sketch.keyframes == (
        KeyFrame(index=4, foreground=(LINE,), background=(LINE,), brush_px=7.0),
    )


def test_a_box_takes_the_place_of_an_outline_and_the_other_way_round():
    sketch = Sketch()
    sketch.set_polygon(1, (*LINE, (5.0, 6.0)))
    sketch.set_box(1, (0.0, 0.0, 9.0, 9.0))
    assert sketch.at(1).polygon == ()
    sketch.set_polygon(1, (*LINE, (5.0, 6.0)))
    assert sketch.at(1).box is None


def test_undo_and_redo_go_through_every_change_and_a_new_one_ends_redo():
    sketch = Sketch([KeyFrame(index=0)])
    sketch.add_stroke(2, LINE, True, 9.0)
    sketch.set_nobody(2)
    assert sketch.remove(0)
    assert not sketch.remove(0)
    assert [sketch.undo() is not None for _ in range(4)] == [True, True, True, False]
    assert [key.index for key in sketch.keyframes] == [0]
    assert sketch.redo() is not None
    assert sketch.at(2).foreground == (LINE,)
    sketch.set_nobody(9)
    assert sketch.redo() is None
    assert [key.index for key in sketch.keyframes] == [0, 2, 9]
