"""Choices of a policy: defaults, files, single choices, and sentences for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.rig import load_rig
from policies.policy_config import ConfigError, PolicyConfig, load_config
from policies.policy_layout import differences, layout_of, resolved


def test_single_choices_win_over_the_file(tmp_path: Path):
    path = tmp_path / "policy.yaml"
    path.write_text("kind: flow\nlr: 0.001\ncameras:\n- stream: front/rgb\n")
    config = load_config(path, {"lr": "3e-4", "taxels": "false", "sampler_steps": "6"})
    assert (config.kind, config.lr, config.taxels, config.run_steps) == ("flow", 3e-4, False, 6)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"learning_rate": "1"}, "'learning_rate': there is no such choice"),
        ({"chunk": "15"}, "'chunk'.*multiple of 4"),
        ({"executed": "17"}, "executed 17 rows of a chunk of 16"),
        ({"cameras": "[{stream: ../x}]"}, "cameras.0.stream"),
        ({"cameras": "[{stream: a/rgb, size: [9000, 9000]}]"}, "not within 32 to 640"),
        ({"cameras": "[{stream: a/rgb}, {stream: a/rgb}]"}, "name a stream twice"),
        ({"lr": ".nan"}, "'lr'"),
    ],
)
def test_wrong_choice_is_one_sentence(chosen: dict[str, str], said: str):
    with pytest.raises(ConfigError, match=said):
        load_config(None, chosen)


def test_file_that_is_no_configuration_is_refused(tmp_path: Path):
    path = tmp_path / "policy.yaml"
    path.write_text("- 1\n")
    with pytest.raises(ConfigError, match="no list of choices"):
        load_config(path)
    path.write_text("a: [\n")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")


def test_layout_of_the_xhand_plans_eighteen_joints_and_five_forces():
    layout = layout_of(load_rig("sim-xhand"), PolicyConfig())
    assert len(layout.action_names) == 23
    assert layout.action_units == ("m",) * 3 + ("rad",) * 15 + ("N",) * 5
    assert layout.action_names[-1] == "right_pinky_normal_force"
    assert layout.taxels_per_pad == 120
    assert not layout.force


def test_rig_without_taxels_gives_forces_and_gel_images():
    layout = layout_of(load_rig("sim-leap"), PolicyConfig())
    assert layout.taxels_per_pad == 0
    assert layout.force
    assert [one.stream for one in layout.visuotactile][0] == "right_thumb/visuotactile"


@pytest.mark.parametrize(
    ("rig", "chosen", "said"),
    [
        ("sim-leap", {"taxels": "true"}, "has no taxels"),
        ("sim-xhand", {"cameras": "[{stream: roof/rgb}]"}, "no image stream 'roof/rgb'; it has"),
        ("sim-xhand", {"visuotactile": "[{stream: front/rgb}]"}, "no visuotactile stream"),
    ],
)
def test_what_the_rig_has_not_is_refused(rig: str, chosen: dict[str, str], said: str):
    with pytest.raises(ConfigError, match=said):
        layout_of(load_rig(rig), load_config(None, chosen))


def test_everything_automatic_is_written_out():
    config = PolicyConfig()
    layout = layout_of(load_rig("sim-xhand"), config)
    found = resolved(config, layout)
    assert [one.stream for one in found.cameras or ()] == ["front/rgb", "wrist/rgb"]
    assert (found.taxels, found.force, found.sampler_steps) == (True, False, 10)
    assert layout_of(load_rig("sim-xhand"), found) == layout


def test_other_hand_order_camera_or_taxels_are_told_apart():
    config = PolicyConfig()
    xhand = layout_of(load_rig("sim-xhand"), config)
    assert differences(xhand, xhand) == []
    leap = layout_of(load_rig("sim-leap"), config)
    assert any("joints" in said for said in differences(xhand, leap))
    assert any("taxels per pad" in said for said in differences(xhand, leap))
    turned = xhand.model_copy(update={"joint_names": xhand.joint_names[::-1]})
    said = differences(xhand, turned)
    assert len(said) == 1
    assert "another order" in said[0]
    blind = xhand.model_copy(update={"cameras": xhand.cameras[:1]})
    assert differences(xhand, blind) == [
        "camera 'wrist/rgb' is missing; connect it or train without it"
    ]
    assert differences(blind, xhand) == []
