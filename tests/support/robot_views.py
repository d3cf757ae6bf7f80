"""Rendered pictures of a moving robot hand, with a bar across it that stands for the operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.rig import Rig, load_rig
from devices.sim.render import SceneRenderer
from devices.sim.scene import build_scene
from recorder.cleaning.cameras import camera_geometry
from recorder.cleaning.clip import CameraGeometry
from recorder.cleaning.clips import ArrayClip

HAND_GROUP = 2
OPERATOR_RGB = (150, 105, 80)


@dataclass
class RobotViews:
    """What was rendered.

    ``truth``: pictures without the operator. ``frames``: with it. ``holes``: where it is.
    ``robot``: robot pixels. ``joints``: of the right hand. ``plate``: the scene without anybody.
    """

    rig: dict[str, Any]
    geometry: CameraGeometry
    truth: list[NDArray[np.uint8]]
    frames: list[NDArray[np.uint8]]
    holes: NDArray[np.bool_]
    robot: NDArray[np.bool_]
    joints: NDArray[np.float64]
    plate: NDArray[np.uint8]

    def clip(self, geometry: CameraGeometry | None = None) -> ArrayClip:
        """The pictures with the operator as a clip."""
        geometry = self.geometry if geometry is None else geometry
        return ArrayClip(self.frames, geometry=geometry, joints={"right": self.joints})


def rig_of(camera: str = "front", width: int = 640, height: int = 480, **changes: Any) -> Rig:
    """``sim-xhand`` with nothing on the table and one camera of the given size."""
    rig = load_rig("sim-xhand")
    chosen = [one for one in rig.cameras if one.name == camera]
    size = {"width": width, "height": height, **changes}
    return rig.model_copy(
        update={
            "cameras": tuple(one.model_copy(update=size) for one in chosen),
            "world": rig.world.model_copy(update={"objects": ()}) if rig.world else None,
        }
    )


def trajectory(count: int, home: NDArray[np.float64]) -> NDArray[np.float64]:
    """Joints ``(count, J)``: the wrist wanders by centimetres, the fingers close and open."""
    phase = np.linspace(0, 2 * np.pi, count)
    q = np.repeat(home[None], count, axis=0)
    q[:, 0] += 0.02 * np.sin(phase)
    q[:, 2] -= 0.02 * (1 - np.cos(phase)) / 2
    q[:, 4] += 0.08 * np.sin(phase)
    q[:, 6:] += 0.35 * ((1 - np.cos(phase)) / 2)[:, None]
    return q


def rendered(
    rig: Rig, joints: NDArray[np.float64]
) -> tuple[list[NDArray[np.uint8]], NDArray[np.bool_], NDArray[np.uint8]]:
    """Pictures, robot pixels and the empty scene of the rig's first camera at joints."""
    camera = rig.cameras[0]
    model, scene = build_scene(rig)
    data = mujoco.MjData(model)
    renderer = SceneRenderer(model, camera.width, camera.height)
    pictures, robot = [], np.zeros((len(joints), camera.height, camera.width), np.bool_)
    near = np.zeros((camera.height, camera.width), np.uint16)
    bare = np.zeros_like(near)
    plate = np.zeros((camera.height, camera.width, 3), np.uint8)
    try:
        for index, q in enumerate(joints):
            data.qpos[scene.hands[0].qpos] = q
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            picture = np.zeros((camera.height, camera.width, 3), np.uint8)
            eye = scene.cameras[camera.name]
            renderer.colour(data, eye, picture, near)
            groups = model.geom_group.copy()
            model.geom_group[groups == HAND_GROUP] = 3  # no camera sees this group
            renderer.colour(data, eye, plate, bare)
            model.geom_group[:] = groups
            pictures.append(picture)
            robot[index] = near != bare
    finally:
        renderer.close()
    return pictures, robot, plate


def robot_views(count: int = 20, uncovered: int = 8, **changes: Any) -> RobotViews:
    """Render ``count`` pictures; a bar lies over the hand in all but the first ``uncovered``."""
    rig = rig_of(**changes)
    spec = rig.hands[0].spec
    joints = trajectory(count, np.clip(np.zeros(spec.size), spec.lower, spec.upper))
    truth, robot, plate = rendered(rig, joints)
    holes = np.zeros_like(robot)
    frames = []
    for index, picture in enumerate(truth):
        frame = picture.copy()
        if index >= uncovered:
            rows = np.flatnonzero(robot[index].any(axis=1))
            columns = np.flatnonzero(robot[index].any(axis=0))
            middle = int(rows[0] + 0.55 * (rows[-1] - rows[0]))
            holes[index, middle - 22 : middle + 22, max(0, columns[0] - 60) : columns[-1] - 15] = 1
            frame[holes[index]] = OPERATOR_RGB
        frames.append(frame)
    read = rig.model_dump(mode="json", by_alias=True)
    geometry = camera_geometry(read, rig.cameras[0].name)
    assert geometry is not None
    return RobotViews(read, geometry, truth, frames, holes, robot, joints, plate)


def psnr_db(made: NDArray[np.uint8], truth: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    """Peak signal-to-noise ratio over the pixels ``where``, decibels."""
    error = np.mean((made[where].astype(float) - truth[where]) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))
