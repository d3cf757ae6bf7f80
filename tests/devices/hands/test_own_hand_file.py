"""A hand file of the user's own in a rig: its sites, its names, its path, its faults."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import mujoco
import numpy as np
import pytest
from support.own_hand import write_own_hand, write_own_urdf, write_rig

from devices.hands.mjcf import HandFileError
from devices.hands.spec import load_hand
from devices.kinematics import HandKinematics
from devices.rig import RigError, load_rig
from devices.sim.scene import build_scene

HAND = load_hand("xhand", "right", "free6")


def kinematics(path: Path) -> HandKinematics:
    return HandKinematics(HAND, model_file=path)


def edit(path: Path, change) -> Path:
    tree = ET.fromstring(path.read_text())
    change(tree)
    path.write_text(ET.tostring(tree, encoding="unicode"))
    return path


def test_a_file_with_all_our_names_builds_the_world_with_the_same_kinematics(tmp_path):
    path = write_own_hand(tmp_path / "own.xml")
    own, composed = kinematics(path), HandKinematics(HAND)
    for pose in (HAND.home, np.clip(0.6, HAND.lower, HAND.upper)):
        assert own.pad_poses(pose) == pytest.approx(composed.pad_poses(pose), abs=1e-5)
        assert own.tip_positions(pose) == pytest.approx(composed.tip_positions(pose), abs=1e-5)
    model, scene = build_scene(load_rig(write_rig(tmp_path / "my.yaml", "own.xml")))
    assert model.nu == len(HAND.names)
    assert len(scene.hands[0].pads) == 5
    assert set(scene.pad_of_geom[:, 1]) == {-1, 0, 1, 2, 3, 4}


def test_a_pad_of_the_file_goes_before_ours(tmp_path):
    path = write_own_hand(tmp_path / "own.xml")

    def move(tree: ET.Element) -> None:
        site = next(site for site in tree.iter("site") if site.get("name") == "thumb_pad")
        site.attrib |= {"pos": "0.030 0.001 0.012", "name": "right_thumb_pad", "group": "0"}

    own, composed = kinematics(edit(path, move)), HandKinematics(HAND)
    shift = own.pad_poses(HAND.home) - composed.pad_poses(HAND.home)
    assert np.linalg.norm(shift[0, :3, 3]) == pytest.approx(
        np.linalg.norm([0.006, 0.001, 0.0022]), abs=1e-5
    )
    assert shift[1:] == pytest.approx(0, abs=1e-5)
    model, _ = build_scene(load_rig(write_rig(tmp_path / "my.yaml", "own.xml")))
    assert (model.site_group == 5).all(), "marks are not drawn in camera images"


def test_a_pad_the_file_lacks_is_put_where_the_hand_model_has_it(tmp_path):
    path = write_own_hand(tmp_path / "own.xml")

    def drop(tree: ET.Element) -> None:
        for body in tree.iter("body"):
            for site in body.findall("site"):
                if site.get("name", "").startswith("index"):
                    body.remove(site)

    own, composed = kinematics(edit(path, drop)), HandKinematics(HAND)
    assert own.pad_poses(HAND.home) == pytest.approx(composed.pad_poses(HAND.home), abs=1e-5)


def test_motors_sensors_and_keyframes_of_the_file_are_left_out(tmp_path):
    path = write_own_hand(tmp_path / "own.xml")

    def equip(tree: ET.Element) -> None:
        motors = ET.SubElement(tree, "actuator")
        ET.SubElement(motors, "position", name="grip", joint="thumb_joint0")
        sensors = ET.SubElement(tree, "sensor")
        ET.SubElement(sensors, "actuatorpos", name="grip_length", actuator="grip")
        keys = ET.SubElement(tree, "keyframe")
        ET.SubElement(keys, "key", name="open", qpos=" ".join(["0"] * 12))

    edit(path, equip)
    model, _ = build_scene(load_rig(write_rig(tmp_path / "my.yaml", "own.xml")))
    assert [model.actuator(i).name for i in range(model.nu)] == list(HAND.names)
    assert (model.nsensor, model.nkey) == (0, 0)


def test_meshes_lie_beside_the_file_wherever_the_program_was_started(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    (folder / "meshes").mkdir(parents=True)
    corners = "v 0 0 0\nv .02 0 0\nv 0 .02 0\nv 0 0 .02\n"
    (folder / "meshes" / "tip.obj").write_text(f"{corners}f 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n")
    path = write_own_hand(folder / "own.xml")

    def add_mesh(tree: ET.Element) -> None:
        tree.find("compiler").set("meshdir", "meshes")
        ET.SubElement(tree.find("asset"), "mesh", name="tip", file="tip.obj")
        ET.SubElement(next(tree.iter("body")), "geom", type="mesh", mesh="tip")

    edit(path, add_mesh)
    monkeypatch.chdir("/")
    model, _ = build_scene(load_rig(write_rig(tmp_path / "my.yaml", "model/own.xml")))
    assert mujoco.mjtGeom.mjGEOM_MESH in set(model.geom_type)
    (folder / "meshes" / "tip.obj").unlink()
    with pytest.raises(RigError, match=r"hand file '.*own.xml' cannot be compiled.*tip.obj"):
        build_scene(load_rig(tmp_path / "my.yaml"))


def test_a_urdf_in_a_rig_gets_motors_pads_and_touch(tmp_path):
    write_own_urdf(tmp_path / "own.urdf", [name[6:] for name in HAND.names[6:]])
    model, scene = build_scene(load_rig(write_rig(tmp_path / "my.yaml", "own.urdf")))
    assert [model.actuator(i).name for i in range(model.nu)] == list(HAND.names)
    bodies = [model.body(int(model.site_bodyid[pad])).name for pad in scene.hands[0].pads]
    assert bodies[:2] == ["right_l_thumb_joint2", "right_l_index_joint2"]
    touching = scene.pad_of_geom[:, 1] == 0
    assert [model.body(int(model.geom_bodyid[i])).name for i in np.flatnonzero(touching)] == [
        "right_l_thumb_joint2"
    ]


def test_a_relative_hand_file_lies_beside_the_rig_file(tmp_path, monkeypatch):
    (tmp_path / "rigs").mkdir()
    path = write_rig(tmp_path / "rigs" / "my.yaml", "../own.xml")
    monkeypatch.chdir(tmp_path / "rigs")
    for given in (path, Path("my.yaml")):
        assert load_rig(given).world.model_file == tmp_path / "own.xml"
    absolute = write_rig(tmp_path / "rigs" / "absolute.yaml", "/somewhere/own.urdf")
    assert load_rig(absolute).world.model_file == Path("/somewhere/own.urdf")


def test_a_file_with_the_joints_of_the_wrist_is_told_to_leave_them_out(tmp_path):
    path = write_own_hand(tmp_path / "own.xml")

    def add_wrist(tree: ET.Element) -> None:
        ET.SubElement(next(tree.iter("body")), "joint", name="wrist_x", type="slide")

    with pytest.raises(HandFileError, match=r"joints of the free wrist \(wrist_x\).*remove them"):
        kinematics(edit(path, add_wrist))


def test_a_hand_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(HandFileError, match=r"absent.urdf' does not exist; correct 'model_file'"):
        kinematics(tmp_path / "absent.urdf")
