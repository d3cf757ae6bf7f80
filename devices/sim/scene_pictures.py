"""Pictures of a world's state by all cameras of its rig, with and without the operator's hands.

The model is the scene with the operator's hands; their bodies are mocap, so the physics' ``qpos``
fits as it is.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.rig import Rig
from devices.sim.operator_pose import OperatorHands
from devices.sim.render import SceneRenderer
from devices.sim.scene import build_scene


class ScenePictures:
    """Draws the cameras of ``rig``. One thread; ``close`` it there.

    Parameters
    ----------
    rig : Rig
        A rig with a world.
    size : (width, height), optional
        Pixels of every picture; by default each camera's own size. Another shape than the
        camera's shows the middle of its picture.
    """

    def __init__(self, rig: Rig, size: tuple[int, int] | None = None) -> None:
        self._rig = rig
        self.model, self.scene = build_scene(rig, operator_hand=True)
        self._data = mujoco.MjData(self.model)
        self._operator = OperatorHands(self.model, self.scene, rig)
        self._sizes = {c.name: size or (c.width, c.height) for c in rig.cameras}
        widths, heights = zip(*self._sizes.values(), strict=True)
        self._renderer: SceneRenderer | None = SceneRenderer(self.model, max(widths), max(heights))

    def forget_operator(self) -> None:
        """The operator's hands are away again, as before the first picture."""
        self._operator = OperatorHands(self.model, self.scene, self._rig)

    def draw(self, data: mujoco.MjData) -> dict[str, NDArray[np.uint8]]:
        """(H, W, 3) uint8 RGB of every camera, by name, without the operator."""
        self._pose(data)
        return {name: self._colour(name, False) for name in self.scene.cameras}

    def draw_operator(
        self, data: mujoco.MjData, pulls: NDArray[np.float64], at_s: float
    ) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]]:
        """Picture with the operator, without, and the operator's mask, by camera name.

        ``pulls`` are rows of ``operator/pulls``; the hands come and go by simulated time ``at_s``.
        """
        self._pose(data)
        self._operator.pose(self._data, pulls, at_s)
        if self._operator.visible:
            mujoco.mj_kinematics(self.model, self._data)
            mujoco.mj_camlight(self.model, self._data)
        found = {}
        for name, camera in self.scene.cameras.items():
            clean = self._colour(name, False)
            mask = np.zeros(clean.shape[:2], np.uint8)
            seen = clean
            if self._operator.visible:
                seen = self._colour(name, True)
                self.renderer.operator_mask(self._data, camera, mask)
            found[name] = (seen, clean, mask)
        return found

    def geoms_seen(self, data: mujoco.MjData) -> dict[str, set[str]]:
        """Names of the geoms of which each camera sees a pixel, without the operator."""
        self._pose(data)
        return {
            name: {
                self.model.geom(int(geom)).name
                for geom in self.renderer.geoms_seen(self._data, camera, self._sizes[name])
            }
            for name, camera in self.scene.cameras.items()
        }

    @property
    def renderer(self) -> SceneRenderer:
        """The renderer; raises ``RuntimeError`` after ``close``."""
        if self._renderer is None:
            raise RuntimeError("the pictures of this scene are closed")
        return self._renderer

    def close(self) -> None:
        """Free the GL context; safe to call twice."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _pose(self, data: mujoco.MjData) -> None:
        self._data.qpos[:] = data.qpos
        mujoco.mj_kinematics(self.model, self._data)
        mujoco.mj_comPos(self.model, self._data)
        mujoco.mj_camlight(self.model, self._data)

    def _colour(self, name: str, operator: bool) -> NDArray[np.uint8]:
        width, height = self._sizes[name]
        out = np.empty((height, width, 3), np.uint8)
        self.renderer.colour(self._data, self.scene.cameras[name], out, operator=operator)
        return out
