"""The one table of device kinds: what a rig file's ``driver`` key may say.

Classes are imported when a rig asks for them, so a missing vendor library or the simulator costs
nothing elsewhere. A driver of a third party joins through an entry point in the group
``thenar.devices`` named ``<family>.<kind>``, for example::

    [project.entry-points."thenar.devices"]
    "camera.realsense" = "my_package.realsense:RealSenseCamera"
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Literal

from devices.bus import Bus
from devices.hand_driver import DeviceError, HandDriver
from devices.rig import HandConfig
from devices.session_file import SessionFile

ENTRY_POINT_GROUP = "thenar.devices"
Family = Literal["hand", "camera", "touch", "exoskeleton"]

KINDS: dict[Family, dict[str, str]] = {
    "hand": {
        "sim_hand": "devices.sim.hand:SimHand",
        "dynamixel_hand": "devices.drivers.dynamixel_hand:DynamixelHand",
    },
    "camera": {
        "sim_camera": "devices.sim.camera:SimCamera",
        "video_file": "devices.drivers.video_file:VideoFileCamera",
    },
    "touch": {
        "sim_touch": "devices.sim.touch_camera:TouchCamera",
    },
    "exoskeleton": {
        "sim_exoskeleton": "devices.sim.exoskeleton:SimExoskeleton",
    },
}


def device_kinds(family: Family) -> dict[str, str]:
    """Kinds of ``family`` with their ``module:Class``, our own and those of third parties."""
    prefix = f"{family}."
    found = {
        point.name.removeprefix(prefix): point.value
        for point in entry_points(group=ENTRY_POINT_GROUP)
        if point.name.startswith(prefix)
    }
    return found | KINDS[family]


def device_class(family: Family, kind: str) -> type[Any]:
    """Import and return the class of ``kind``.

    Raises
    ------
    DeviceError
        When the kind is unknown (the message lists those that are known) or cannot be imported.
    """
    kinds = device_kinds(family)
    if kind not in kinds:
        raise DeviceError(
            f"{family} driver '{kind}' is unknown; known {family} drivers: "
            f"{', '.join(sorted(kinds))}"
        )
    module_name, _, class_name = kinds[kind].partition(":")
    try:
        return getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise DeviceError(
            f"{family} driver '{kind}' cannot be loaded from {module_name}: {error}"
        ) from error


def make_hand(config: HandConfig, bus: Bus, session: SessionFile) -> HandDriver:
    """Build (not open) the driver of a hand; raises ``DeviceError`` for an unknown kind."""
    return device_class("hand", config.driver)(config, bus, session)
