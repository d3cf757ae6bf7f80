"""A hand file such as a user would bring: the XHand1 without motors and without its side."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import mujoco
import yaml

from devices.hands.mjcf import add_hand
from devices.hands.spec import load_hand
from resources import ROOT


def write_own_hand(path: Path, without_joint: str = "") -> Path:
    """Write the file; its bodies, joints and sites carry our names, ``palm`` among them."""
    spec = mujoco.MjSpec()
    add_hand(spec, load_hand("xhand", "right", "fixed"), (0, 0, 0), (0, 0, 0))
    spec.compile()
    tree = ET.fromstring(spec.to_xml().replace("right_", ""))
    for section in tree.findall("actuator"):
        tree.remove(section)
    for joint in tree.iter("joint"):
        if joint.get("name") == without_joint:
            joint.set("name", "nameless")
    path.write_text(ET.tostring(tree, encoding="unicode"))
    return path


def write_rig(path: Path, model_file: str) -> Path:
    """Write a copy of ``sim-xhand`` that points at ``model_file`` and has two objects."""
    raw = yaml.safe_load((ROOT / "rigs" / "sim-xhand.yaml").read_text())
    raw |= {"name": "my-hand", "world": {"objects": ["cube", "ball"], "model_file": model_file}}
    path.write_text(yaml.safe_dump(raw))
    return path


def write_own_urdf(path: Path, joints: list[str]) -> Path:
    """Write a URDF whose joints all sit on one root link, 0.1 m above its origin."""
    inertial = (
        '<inertial><mass value="0.02"/>'
        '<inertia ixx="1e-5" iyy="1e-5" izz="1e-5" ixy="0" ixz="0" iyz="0"/></inertial>'
    )
    text = f'<robot name="mine"><link name="palm">{inertial}</link>'
    for name in joints:
        text += (
            f'<link name="l_{name}">{inertial}<collision><geometry><sphere radius="0.01"/>'
            f'</geometry></collision></link><joint name="{name}" type="revolute">'
            f'<parent link="palm"/><child link="l_{name}"/><origin xyz="0 0 0.1"/>'
            '<axis xyz="1 0 0"/><limit lower="-1" upper="1" effort="1" velocity="1"/></joint>'
        )
    path.write_text(text + "</robot>")
    return path
