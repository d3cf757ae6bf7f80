"""Looks at a rig and a dataset before any process starts, so that errors come first and alone."""

from __future__ import annotations

from pathlib import Path

from devices.exoskeleton import EncoderCalibration
from devices.registry import device_class
from devices.rig import Rig
from devices.sim.scene import build_scene
from recorder.dataset import open_dataset

BUILT_IN_CALIBRATIONS = ("ideal", "none")


def check_rig(rig: Rig) -> None:
    """Check that every driver exists and every calibration and hand file can be read.

    Raises
    ------
    DeviceError
        An unknown or unloadable driver; lists the known ones.
    CalibrationError
        A missing or damaged calibration; names the file.
    RigError
        A hand file that cannot be read or lacks joints, or an unknown object; names them.
    """
    for hand in rig.hands:
        device_class("hand", hand.driver)
    for touch in rig.tactile:
        device_class("touch", touch.driver)
    for camera in rig.cameras:
        device_class("camera", camera.driver)
    for exo in rig.exoskeletons:
        device_class("exoskeleton", exo.driver)
        if exo.calibration not in BUILT_IN_CALIBRATIONS:
            EncoderCalibration.load(exo.calibration)
    if rig.world is not None:
        build_scene(rig)


def check_dataset(folder: Path) -> None:
    """Make or open the dataset once; raises ``DatasetError`` when it cannot be used."""
    open_dataset(folder, create=True)
