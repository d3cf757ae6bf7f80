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
