"""Rig files: what is refused, and that the page about them tells the truth."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from support.repository import ROOT

from devices.exoskeleton import EncoderCalibration
from devices.hands.mjcf import HandFileError
from devices.kinematics import HandKinematics
from devices.rig import (
    CameraConfig,
    ExoskeletonConfig,
    HandConfig,
    LimitsConfig,
    Rig,
    RigError,
    SensorModel,
    TactileConfig,
    WorldConfig,
    load_rig,
    rig_files,
)
from devices.sim.exoskeleton import SimExoskeleton
from devices.sim.scene import build_scene

PAGE = (ROOT / "docs" / "rigs.md").read_text()
TABLES: dict[str, type[BaseModel]] = {
    "Keys of the file": Rig,
    "`world`": WorldConfig,
    "`hands`": HandConfig,
    "`limits` of a hand": LimitsConfig,
    "`tactile`": TactileConfig,
    "`sensor` of a tactile entry": SensorModel,
    "`cameras`": CameraConfig,
    "`exoskeletons`": ExoskeletonConfig,
}
UNITS = {"s": "s", "m": "m", "rad": "rad", "hz": "Hz", "n": "N", "deg": "°", "scale": "1"}
IN_WORDS = {"none": (None, (), {}), "all six": (WorldConfig().objects,)}


def section(title: str) -> str:
    """Text below the heading ``title``, up to the next heading."""
    match = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.M | re.S)
    assert match is not None, f"docs/rigs.md has no section '{title}'"
    return match.group(1)


def rows(title: str) -> Iterator[list[str]]:
    """Cells of the table in a section, without its two heading rows."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def example(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", PAGE, re.S)
    assert match is not None
    return match.group(1)


def small_rig(**changes) -> dict:
    hand = {"side": "right", "model": "leap"}
    return {"schema": "thenar.rig/1", "name": "small", "hands": [hand]} | changes


def refusal(tmp_path, **changes) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small_rig(**changes)))
    with pytest.raises(RigError) as refused:
        load_rig(path)
    return str(refused.value)


@pytest.mark.parametrize("title", TABLES)
def test_the_page_lists_every_key_once_and_no_other(title):
    fields = TABLES[title].model_fields
    listed = [row[0].strip("`") for row in rows(title)]
    assert listed == [field.alias or name for name, field in fields.items()]


@pytest.mark.parametrize("title", TABLES)
def test_the_page_gives_the_default_and_the_unit_of_every_key(title):
    fields = {field.alias or name: field for name, field in TABLES[title].model_fields.items()}
    for name, unit, shown, meaning in rows(title):
        key = name.strip("`")
        default = fields[key].get_default(call_default_factory=True)
        if shown == "required":
            assert default is PydanticUndefined, key
        elif shown == "see below":
            assert isinstance(default, BaseModel), key
        elif shown in IN_WORDS:
            assert default in IN_WORDS[shown], key
        else:
            value = yaml.safe_load(shown.strip("`"))
            assert (tuple(value) if isinstance(value, list) else value) == default, key
        suffix = key.rpartition("_")[2]
        if suffix in UNITS:
            assert unit == UNITS[suffix], key
        assert len(meaning) > 5, key


def test_the_page_lists_the_rigs_of_the_program():
    listed = {row[0].strip("`") for row in rows("The rigs that come with the program")}
    assert listed == set(rig_files())


def test_the_example_of_the_page_is_a_rig_with_a_hand_of_its_own(tmp_path):
    rig_path, hand_path = tmp_path / "my-hand.yaml", tmp_path / "models" / "my-hand.xml"
    rig_path.write_text(example("yaml"))
    hand_path.parent.mkdir()
    hand_path.write_text(example("xml"))
    rig = load_rig(rig_path)
    assert rig.world is not None
    assert rig.world.model_file == hand_path
    with pytest.raises(HandFileError, match=r"lacks 9 of the 12 joints.*: index_joint0"):
        HandKinematics(rig.hands[0].spec, model_file=hand_path)
    present = example("xml").split("<!--")[0]
    others = [name[6:] for name in rig.hands[0].spec.names[9:]]
    fingers = "".join(
        f'<body><joint name="{name}" range="-1 1"/><geom size="0.01" mass="0.01"/></body>'
        for name in others
    )
    hand_path.write_text(f"{present}{fingers}</body></worldbody></mujoco>")
    model, scene = build_scene(rig)
    thumb = model.site(int(scene.hands[0].pads[0]))
    assert thumb.name == "right_thumb_pad"
    assert thumb.pos == pytest.approx([0.024, 0.0, 0.009])


def test_touch_that_the_hand_has_not_is_refused(tmp_path):
    said = refusal(tmp_path, tactile=[{"kind": "taxels"}])
    assert "kind 'taxels' does not fit the pads of the right hand; they are visuotactile" in said


@pytest.mark.parametrize("key", ["tactile", "exoskeletons"])
def test_two_of_a_kind_on_one_side_or_on_no_hand_are_refused(tmp_path, key):
    entry = {"kind": "visuotactile"} if key == "tactile" else {}
    said = refusal(tmp_path, **{key: [entry, entry]})
    assert f"{key}: two on the same side: ['right', 'right']" in said
    said = refusal(tmp_path, **{key: [entry | {"side": "left"}]})
    assert f"{key} on side 'left': the rig has no hand there" in said


@pytest.mark.parametrize("bits", [8, 16])
def test_every_resolution_a_rig_may_ask_for_has_an_ideal_calibration(bits):
    exo = SimExoskeleton(ExoskeletonConfig(bits=bits), None, None)
    exo.open()
    assert isinstance(exo.calibration, EncoderCalibration)
    exo.close()


def test_a_resolution_that_no_sample_can_hold_is_refused(tmp_path):
    assert "exoskeletons.0.bits" in refusal(tmp_path, exoskeletons=[{"bits": 17}])
