"""Choices: what is set comes back, sentences follow the camera, drawing chooses its masks."""

from __future__ import annotations

import pytest

from recorder.cleaning.parameters import CleanParameters
from widgets.clean.parameters_panel import ParametersPanel


@pytest.fixture
def panel(qtbot) -> ParametersPanel:
    made = ParametersPanel()
    qtbot.addWidget(made)
    made.show()
    return made


def test_every_parameter_comes_back_as_it_was_set(panel):
    params = CleanParameters(
        camera="wrist/rgb",
        mode="moving",
        masks="plugin:sam2",
        filler="plugin:lama",
        dilation_px=3,
        shadow_px=5,
        feather_px=7,
        plate_frames=90,
        robot_sources=2,
        flow_reach=11,
        object_layer=False,
        rekey_below=0.45,
    )
    panel.set_parameters(params, "task", "moving", "pour")
    assert panel.parameters() == params
    assert "'pour'" in panel.source.text()


def test_setting_says_nothing_and_changing_says_it_is_not_saved(panel, qtbot):
    with qtbot.assertNotEmitted(panel.changed):
        panel.set_parameters(CleanParameters(shadow_px=9), "camera", "static", "")
    with qtbot.waitSignal(panel.changed):
        panel.numbers["shadow_px"].setValue(10)
    assert "not saved" in panel.source.text()
    assert not panel.save_task.isEnabled()


@pytest.mark.parametrize(
    ("mounted", "mode", "word"),
    [
        ("static", None, "Static is meaningful"),
        ("moving", None, "Moving is meaningful"),
        ("moving", "static", "only meaningful while it does not move"),
        ("static", "moving", "leaves out the still scene"),
    ],
)
def test_a_sentence_says_which_mode_is_meaningful(panel, mounted, mode, word):
    panel.set_parameters(CleanParameters(mode=mode), "default", mounted, "")
    assert word in panel.mode_word.text()


def test_a_carried_camera_asks_for_a_drawing(panel):
    panel.set_parameters(CleanParameters(), "default", "moving", "")
    assert "needs a drawing" in panel.masks_word.text()
    panel.set_parameters(CleanParameters(), "default", "static", "")
    assert panel.masks_word.text() == ""
