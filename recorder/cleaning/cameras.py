"""Where a camera is and how it projects: from the rig of a simulated camera or a calibration.

A simulated camera looks from ``pos_m`` to ``look_at_m`` with square pixels and its principal point
in the middle. MuJoCo's cameras have x right, y up and look along -z (XML reference, ``camera``);
everything here uses OpenCV's x right, y down, z forward. Pixel centres are whole numbers, so the
middle of a picture 640 wide is at 319.5.

A calibration of a real camera is an entry of ``Episode.calibration`` under ``camera_<name>``::

    {"schema": "thenar.camera-calibration/1",
     "matrix": [[fx, 0, cx], [0, fy, cy], [0, 0, 1]],
     "pose": [[...], [...], [...], [0, 0, 0, 1]],
     "mount": "world",
     "width": 640, "height": 480}

``pose`` takes camera points to the world, or to the palm for ``mount`` ``right`` or ``left``, in
metres. ``width`` and ``height`` are optional: the size of the pictures it was calibrated with; the
matrix is scaled when the recorded ones differ. Lens distortion is not modelled: calibrate with
undistorted pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from devices.hands.rotation import rotation_from_rpy
from devices.rig import CameraConfig
from recorder.cleaning.clip import CameraGeometry, CleanError

CALIBRATION_SCHEMA = "thenar.camera-calibration/1"
SIMULATED_DRIVER = "sim_camera"
MOUNTS = ("world", "right", "left")
_FLIP = np.diag([1.0, -1.0, -1.0])  # x right, y up, z back to x right, y down, z forward


def camera_geometry(
    rig: Mapping[str, Any], camera: str, calibration: Mapping[str, Any] | None = None
) -> CameraGeometry | None:
    """Calibration of one camera of a rig.

    Parameters
    ----------
    rig : mapping
        The rig an episode was recorded with (``Episode.rig``).
    camera : str
        Camera name, e.g. ``front``; what follows a slash is ignored.
    calibration : mapping, optional
        ``Episode.calibration``; an entry for the camera in it wins over the rig.

    Returns
    -------
    CameraGeometry or None
        None for a real camera without calibration, and for one the rig does not have.

    Raises
    ------
    CleanError
        The calibration's entry cannot be used.
    """
    name = camera.split("/")[0]
    config = _config(rig, name)
    entry = (calibration or {}).get(f"camera_{name}")
    if entry is not None:
        return _calibrated(name, entry, config)
    if config is None or config.driver != SIMULATED_DRIVER:
        return None
    return _simulated(config)


def perturbed(
    geometry: CameraGeometry, shift_px: float = 0.0, turn_rad: float = 0.0, seed: int = 0
) -> CameraGeometry:
    """A camera slightly wrong, for experiments with calibration errors; same seed, same error.

    Parameters
    ----------
    geometry : CameraGeometry
    shift_px : float
        The camera is turned so that points in the middle of the picture move by this much, in a
        direction drawn from ``seed``.
    turn_rad : float
        Turn about the optical axis.
    seed : int
    """
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    right, down = shift_px * np.cos(angle), shift_px * np.sin(angle)
    turn = rotation_from_rpy(
        (np.arctan(down / geometry.matrix[1, 1]), -np.arctan(right / geometry.matrix[0, 0]), 0.0)
    ) @ rotation_from_rpy((0.0, 0.0, turn_rad))
    pose = geometry.pose.copy()
    pose[:3, :3] = pose[:3, :3] @ turn
    return CameraGeometry(geometry.matrix, pose, geometry.mount)


def world_to_camera(
    geometry: CameraGeometry, palms: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Transform ``(4, 4)`` from world to camera.

    Parameters
    ----------
    geometry : CameraGeometry
    palms : mapping of str to (4, 4) float64 array
        Palm to world by side; not used by a camera that stands in the world.

    Raises
    ------
    KeyError
        The hand that carries the camera is not in ``palms``.
    """
    pose = geometry.pose
    if geometry.mount != "world":
        pose = palms[geometry.mount] @ pose
    inverse = np.eye(4)
    inverse[:3, :3] = pose[:3, :3].T
    inverse[:3, 3] = -pose[:3, :3].T @ pose[:3, 3]
    return inverse


def _config(rig: Mapping[str, Any], name: str) -> CameraConfig | None:
    for one in rig.get("cameras", ()):
        if one.get("name") == name:
            try:
                return CameraConfig.model_validate(one)
            except ValidationError as error:
                raise CleanError(
                    f"camera '{name}' of the episode's rig cannot be read: "
                    f"{error.errors()[0]['msg']}; give a calibration for it"
                ) from None
    return None


def _simulated(config: CameraConfig) -> CameraGeometry:
    focal = config.height / 2 / np.tan(np.radians(config.fovy_deg) / 2)
    matrix = np.array(
        [
            [focal, 0.0, (config.width - 1) / 2],
            [0.0, focal, (config.height - 1) / 2],
            [0.0, 0.0, 1.0],
        ]
    )
    position = np.array(config.pos_m)
    # the same "up" as the simulated scene: of the room, or the back of the hand
    up = np.array([0.0, 0.0, 1.0]) if config.mount == "world" else np.array([0.0, 1.0, 0.0])
    pose = np.eye(4)
    pose[:3, :3] = _looking(np.array(config.look_at_m) - position, up) @ _FLIP
    pose[:3, 3] = position
    return CameraGeometry(matrix, pose, config.mount)


def _looking(direction: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation ``(3, 3)`` of a simulated camera: columns are right, up and back."""
    back = -direction / max(float(np.linalg.norm(direction)), 1e-12)
    for upwards in (up, np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])):
        right = np.cross(upwards, back) if upwards[0] == 0 else upwards
        if np.linalg.norm(right) >= 1e-6:
            break
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back], axis=1)


def _calibrated(name: str, entry: Any, config: CameraConfig | None) -> CameraGeometry:
    where = f"calibration 'camera_{name}'"
    if not isinstance(entry, Mapping) or entry.get("schema") != CALIBRATION_SCHEMA:
        found = entry.get("schema") if isinstance(entry, Mapping) else type(entry).__name__
        raise CleanError(f"{where} has schema '{found}', this program reads '{CALIBRATION_SCHEMA}'")
    matrix = _numbers(where, "matrix", entry.get("matrix"), (3, 3))
    pose = _numbers(where, "pose", entry.get("pose"), (4, 4))
    mount = str(entry.get("mount", "world"))
    if mount not in MOUNTS:
        raise CleanError(f"{where}: mount '{mount}' is not one of {', '.join(MOUNTS)}")
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
        raise CleanError(f"{where}: focal lengths {matrix[0, 0]:g} and {matrix[1, 1]:g} px must be "
                         "positive")  # fmt: skip
    rotation = pose[:3, :3]
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-3 or np.linalg.det(rotation) < 0:
        raise CleanError(f"{where}: the rotation of 'pose' is no rotation; its rows must be at "
                         "right angles, of length 1 and right-handed")  # fmt: skip
    if config is not None and "width" in entry and "height" in entry:
        size = _numbers(where, "width, height", [entry["width"], entry["height"]], (2,))
        if size.min() < 1:
            raise CleanError(f"{where}: size {size[0]:g}x{size[1]:g} must be at least 1x1 pixel")
        scale = np.array([config.width, config.height]) / size
        # pixel edges scale, pixel centres lie half a pixel inside
        matrix[0, 2], matrix[1, 2] = (matrix[:2, 2] + 0.5) * scale - 0.5
        matrix[0, :2] *= scale[0]
        matrix[1, :2] *= scale[1]
    return CameraGeometry(matrix, pose, mount)


def _numbers(where: str, key: str, value: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    try:
        numbers = np.array(value, np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.shape != shape or not np.isfinite(numbers).all():
        expected = " by ".join(str(n) for n in shape)
        raise CleanError(f"{where}: '{key}' must be {expected} finite numbers")
    return numbers
