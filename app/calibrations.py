"""The calibrations of a rig, as they are stored in every episode."""

from __future__ import annotations

from typing import Any

from devices.exoskeleton import CalibrationError
from devices.registry import device_class
from devices.rig import Rig


def calibrations_of(rig: Rig) -> dict[str, Any]:
    """Return every calibration in force, by device name.

    Parameters
    ----------
    rig : Rig
        The rig; its exoskeletons are opened for a moment, which moves nothing.

    Returns
    -------
    dict
        ``<side>_exoskeleton`` to ``name`` and the calibration's own fields; an ``error`` sentence
        where it cannot be read.
    """
    found: dict[str, Any] = {}
    for config in rig.exoskeletons:
        device = device_class("exoskeleton", config.driver)(config)
        entry: dict[str, Any] = {"name": config.calibration}
        try:
            device.open()
            entry |= device.calibration.model_dump(mode="json")
        except CalibrationError as error:
            entry["error"] = str(error)
        finally:
            device.close()
        found[f"{config.side}_exoskeleton"] = entry
    return found
