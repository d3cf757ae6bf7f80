"""Pictures of the simulated scene: colour, depth and the operator's mask, off screen.

One GL context and one set of buffers serve all cameras; a renderer is made, used and closed on
one thread. Colour and depth come from the same drawing. With ``SUPERSAMPLE`` 2 the scene is drawn
at twice the size and averaged, which smooths edges for less than multisampling costs in software;
depth and masks are never averaged.

The sky is painted by us where the z buffer is empty: MuJoCo's skybox is a box with depths of its
own, which are no distances.

Shadow maps and multisampling are off: they make software GL forty times slower. Reflections are
off, so a pixel outside the operator's silhouette cannot depend on the operator.
"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("MUJOCO_GL", "egl")

import cv2
import mujoco
import numpy as np
from mujoco import gl_context
from numpy.typing import NDArray

from devices.sim.operator_hand import OPERATOR_GROUP

SUPERSAMPLE = 1
SLICES, STACKS, QUADS = 14, 6, 2  # half of the default: corners cost as much as pixels here
EXTRA_GEOMS = 64  # room in the scene beyond the model's own geoms
SCENE_GROUPS = (0, 1, 2)  # geom groups of robot and objects that a camera sees
DEPTH_MAX_STEPS = 65535
SKY_STEP = 8  # the sky is smooth: it is computed for every eighth pixel and stretched
SKY_BELOW, SKY_HORIZON, SKY_ABOVE = (0.36, 0.39, 0.43), (0.47, 0.52, 0.57), (0.68, 0.73, 0.78)
_HEIGHTS = np.linspace(-1, 1, 513)
_SKY = np.stack(
    [
        np.interp(_HEIGHTS, (-0.3, 0.0, 0.7), c)
        for c in zip(SKY_BELOW, SKY_HORIZON, SKY_ABOVE, strict=True)
    ],
    axis=1,
)  # colour against the sine of the elevation
_SKY = (255 * _SKY).astype(np.uint8)


class SceneRenderer:
    """Draws a MuJoCo scene into lent arrays. One thread only; call ``close`` on it.

    Parameters
    ----------
    model : mujoco.MjModel
        The scene; its ``vis`` settings are changed.
    width, height : int
        Size in pixels of the largest picture.
    supersample : int
        Edge smoothing: pictures are drawn this many times larger and averaged.
    """

    def __init__(
        self, model: mujoco.MjModel, width: int, height: int, supersample: int = SUPERSAMPLE
    ) -> None:
        self._model = model
        self._scale = supersample
        model.vis.quality.offsamples = 0
        model.vis.quality.shadowsize = 0
        model.vis.quality.numslices = SLICES
        model.vis.quality.numstacks = STACKS
        model.vis.quality.numquads = QUADS
        model.vis.global_.offwidth = width * supersample
        model.vis.global_.offheight = height * supersample
        near = model.vis.map.znear * model.stat.extent
        far = model.vis.map.zfar * model.stat.extent
        self._near, self._far = np.float32(near), np.float32(far)
        self._gl: Any = gl_context.GLContext(width * supersample, height * supersample)
        self._gl.make_current()
        self._context: Any = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR.value
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + EXTRA_GEOMS)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = False
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED.value
        self._option = mujoco.MjvOption()
        self._option.sitegroup[:] = 0
        self._buffers: dict[tuple[int, int], _Buffers] = {}

    def colour(
        self,
        data: mujoco.MjData,
        camera: int,
        rgb: NDArray[np.uint8],
        depth: NDArray[np.uint16] | None = None,
        depth_unit_m: float = 1e-4,
        operator: bool = True,
    ) -> None:
        """Draw one picture.

        Parameters
        ----------
        data : mujoco.MjData
            Poses, after ``mj_kinematics`` and ``mj_camlight``.
        camera : int
            Camera id in the model.
        rgb : (H, W, 3) uint8 array
            Receives the colours, row 0 on top.
        depth : (H, W) uint16 array, optional
            Receives the distance along the optical axis in steps of ``depth_unit_m``; 0 where
            nothing is seen or the distance exceeds 65535 steps.
        depth_unit_m : float
            Metres per step.
        operator : bool
            Whether the operator's hands are drawn.
        """
        buffers = self._draw(data, camera, rgb.shape[:2], operator, segment=False)
        mujoco.mjr_readPixels(buffers.rgb, buffers.z, buffers.rect, self._context)
        self._paint_sky(buffers, data, camera)
        if self._scale == 1:
            np.copyto(rgb, buffers.rgb[::-1])
        else:
            size = (rgb.shape[1], rgb.shape[0])
            cv2.resize(buffers.rgb, size, dst=buffers.small, interpolation=cv2.INTER_AREA)
            np.copyto(rgb, buffers.small[::-1])
        if depth is not None:
            self._depth(buffers, depth, depth_unit_m)

    def operator_mask(self, data: mujoco.MjData, camera: int, mask: NDArray[np.uint8]) -> None:
        """Write 255 where the operator is seen, else 0, from a drawing of geom identities.

        Parameters
        ----------
        data : mujoco.MjData
            The poses of the picture.
        camera : int
            Camera id in the model.
        mask : (H, W) uint8 array
            Receives the mask; a pixel counts when any of its supersamples is the operator's.
        """
        geoms = self._identities(data, camera, mask.shape, operator=True)
        seen = (geoms >= 0) & (self._model.geom_group[geoms] == OPERATOR_GROUP)
        height, width = mask.shape
        blocks = seen.reshape(height, self._scale, width, self._scale)
        np.multiply(blocks.any(axis=(1, 3)), 255, out=mask, casting="unsafe")

    def geoms_seen(
        self, data: mujoco.MjData, camera: int, size: tuple[int, int]
    ) -> NDArray[np.int64]:
        """Ids of the geoms of which at least one pixel is seen, the operator away.

        Parameters
        ----------
        data : mujoco.MjData
            Poses, after ``mj_kinematics`` and ``mj_camlight``.
        camera : int
            Camera id in the model.
        size : (width, height)
            Pixels of the drawing that is searched.
        """
        found = np.unique(self._identities(data, camera, size[::-1], operator=False))
        return found[found >= 0]

    def _identities(
        self, data: mujoco.MjData, camera: int, shape: tuple[int, ...], operator: bool
    ) -> NDArray[np.int64]:
        """Id of the geom each pixel shows, row 0 on top, -1 where there is none."""
        buffers = self._draw(data, camera, shape, operator, segment=True)
        mujoco.mjr_readPixels(buffers.rgb, None, buffers.rect, self._context)
        codes = buffers.rgb.astype(np.int32) @ np.array((1, 1 << 8, 1 << 16), np.int32)
        geom_of = np.full(self._scene.ngeom + 2, -1, np.int64)
        for geom in self._scene.geoms[: self._scene.ngeom]:
            if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM and geom.segid >= 0:
                geom_of[geom.segid + 1] = geom.objid
        return geom_of[codes][::-1]

    def close(self) -> None:
        """Free the GL context; safe to call twice."""
        if self._context is not None:
            self._gl.make_current()
            self._context.free()
            self._context = None
            self._gl.free()

    def _draw(
        self,
        data: mujoco.MjData,
        camera: int,
        shape: tuple[int, ...],
        operator: bool,
        segment: bool,
    ) -> _Buffers:
        height, width = shape[0] * self._scale, shape[1] * self._scale
        buffers = self._buffers.get((height, width))
        if buffers is None:
            buffers = self._buffers[height, width] = _Buffers(height, width, self._scale)
        self._option.geomgroup[:] = 0
        self._option.geomgroup[list(SCENE_GROUPS)] = 1
        self._option.geomgroup[OPERATOR_GROUP] = operator
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = segment
        self._scene.flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = segment
        self._camera.fixedcamid = camera
        mujoco.mjv_updateScene(
            self._model, data, self._option, None, self._camera,
            mujoco.mjtCatBit.mjCAT_ALL.value, self._scene,
        )  # fmt: skip
        mujoco.mjr_render(buffers.rect, self._scene, self._context)
        return buffers

    def _paint_sky(self, buffers: _Buffers, data: mujoco.MjData, camera: int) -> None:
        """Colour what nothing covers (z buffer 0) by its height above the horizon."""
        empty = cv2.compare(buffers.z, np.zeros(1, np.float32), cv2.CMP_EQ)
        if not cv2.countNonZero(empty):
            return
        up = data.cam_xmat[camera].reshape(3, 3)[2].astype(np.float32)
        rays = buffers.rays(float(self._model.cam_fovy[camera]))
        height = (rays @ up + 1) * ((len(_SKY) - 1) / 2)
        height_px, width_px = buffers.z.shape
        sky = cv2.resize(_SKY[height.astype(np.intp)], (width_px, height_px))
        cv2.copyTo(sky, empty, buffers.rgb)

    def _depth(self, buffers: _Buffers, depth: NDArray[np.uint16], unit_m: float) -> None:
        """Turn the reversed z buffer (1 at the near plane, 0 at the far one) into steps."""
        z = buffers.z_small
        np.copyto(z, buffers.z[:: self._scale, :: self._scale][::-1])
        np.multiply(z, self._far - self._near, out=z)
        np.add(z, self._near, out=z)
        np.divide(self._near * self._far / np.float32(unit_m), z, out=z)
        z[z > min(DEPTH_MAX_STEPS, float(self._far) * 0.999 / unit_m)] = 0
        np.copyto(depth, z, casting="unsafe")


class _Buffers:
    """Work space for one picture size, so that drawing allocates nothing per frame."""

    def __init__(self, height: int, width: int, scale: int) -> None:
        self.rect = mujoco.MjrRect(0, 0, width, height)
        self.rgb = np.empty((height, width, 3), np.uint8)
        self.z = np.empty((height, width), np.float32)
        self.small = np.empty((height // scale, width // scale, 3), np.uint8)
        self.z_small = np.empty((height // scale, width // scale), np.float32)
        self._rays: dict[float, NDArray[np.float32]] = {}

    def rays(self, fovy_deg: float) -> NDArray[np.float32]:
        """Unit rays of every ``SKY_STEP``-th pixel, ``(h, w, 3)``, in the camera frame.

        The frame is x right, y up, z back; the bottom row comes first, as GL has it.
        """
        if fovy_deg not in self._rays:
            height, width = self.z.shape
            focal = height / 2 / np.tan(np.radians(fovy_deg) / 2)
            v, u = np.mgrid[0 : height // SKY_STEP, 0 : width // SKY_STEP] + 0.5
            x, y = u * SKY_STEP - width / 2, v * SKY_STEP - height / 2
            rays = np.stack([x, y, np.full(u.shape, -focal)], axis=-1)
            rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
            self._rays[fovy_deg] = rays.astype(np.float32)
        return self._rays[fovy_deg]
