"""Forward and inverse kinematics of one hand, on a MuJoCo model of the hand alone.

Used wherever a joint vector must become a picture or a point: the 3-D view, the renderer, the
scripted operators. One instance belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from devices.hands.mjcf import add_hand
from devices.hands.spec import HandSpec

IK_DAMPING_M = 0.0025  # small beside a finger's lever arm of 0.1 m: only singularities feel it
IK_STEP_MAX = 0.35  # largest joint step of one iteration, rad or m, keeps the linearisation honest
SHAPE_NAMES = {
    int(mujoco.mjtGeom.mjGEOM_CAPSULE): "capsule",
    int(mujoco.mjtGeom.mjGEOM_BOX): "box",
    int(mujoco.mjtGeom.mjGEOM_SPHERE): "sphere",
    int(mujoco.mjtGeom.mjGEOM_CYLINDER): "cylinder",
    int(mujoco.mjtGeom.mjGEOM_ELLIPSOID): "ellipsoid",
}


@dataclass(frozen=True)
class LinkGeom:
    """One shape to draw.

    Attributes
    ----------
    link : int
        Row in ``HandKinematics.link_poses``.
    shape : str
        ``capsule``, ``box``, ``sphere``, ``cylinder`` or ``ellipsoid``.
    size_m : (3,) float64 array
        Half sizes (box, ellipsoid) or radius, half length of the straight part, 0.
    transform : (4, 4) float64 array
        Pose of the shape in its link; capsules and cylinders lie along z.
    role : str
        ``shell``, ``joint``, ``pad``, ``palm`` or ``accent``.
    """

    link: int
    shape: str
    size_m: NDArray[np.float64]
    transform: NDArray[np.float64]
    role: str


class HandKinematics:
    """Kinematics of a hand in the world frame.

    Parameters
    ----------
    spec : HandSpec
        The hand.
    base_pos_m, base_rpy_rad : (3,) array
        Pose of the palm with the wrist at zero (``HandConfig``), metres and radians.
    model_file : Path, optional
        The user's own hand file (``WorldConfig.model_file``).

    Attributes
    ----------
    link_names : tuple of str
        Links in the order of ``HandModel.links``, the palm **last**, so that index -1 is the palm
        just as in the rows of ``operator/pulls``.
    geoms : tuple of LinkGeom
        Shapes to draw.
    """

    def __init__(
        self,
        spec: HandSpec,
        base_pos_m: ArrayLike = (0.0, 0.0, 0.0),
        base_rpy_rad: ArrayLike = (0.0, 0.0, 0.0),
        model_file: Path | None = None,
    ) -> None:
        scene = mujoco.MjSpec()
        add_hand(scene, spec, base_pos_m, base_rpy_rad, model_file)
        model = scene.compile()
        side = spec.side
        self.spec = spec
        self._model, self._data = model, mujoco.MjData(model)
        self._qpos = np.array([model.joint(name).qposadr[0] for name in spec.names])
        self._dof = np.array([model.joint(name).dofadr[0] for name in spec.names])
        links = [link for link in spec.model.links if link.joint is not None or model_file is None]
        self.link_names = (*(link.name for link in links), "palm")
        self._bodies = np.array(
            [
                model.joint(f"{side}_{link.joint.name}").bodyid[0]
                if link.joint is not None
                else model.body(f"{side}_{link.name}").id
                for link in links
            ]
            + [model.body(f"{side}_palm").id]
        )
        self.pad_fingers = tuple(pad.finger for pad in spec.pads)
        self._pads = np.array(
            [model.site(f"{side}_{finger}_pad").id for finger in self.pad_fingers], int
        )
        tipped = {link.finger for link in spec.model.links if link.tip_m is not None}
        self.tip_fingers = tuple(name for name in spec.model.fingers if name in tipped)
        self._tips = np.array(
            [model.site(f"{side}_{name}_tip").id for name in self.tip_fingers], int
        )
        self.geoms = tuple(self._collect_geoms())

    def link_poses(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return world transforms ``(L, 4, 4)`` of ``link_names`` at joints ``q`` ``(J,)``."""
        self._forward(q)
        data = self._data
        return _transforms(data.xpos[self._bodies], data.xmat[self._bodies])

    def pad_poses(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return world transforms ``(P, 4, 4)`` of the pads in ``HandSpec.pads`` order."""
        self._forward(q)
        data = self._data
        return _transforms(data.site_xpos[self._pads], data.site_xmat[self._pads])

    def tip_positions(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return world positions ``(F, 3)`` of the fingertips in ``tip_fingers`` order, metres."""
        self._forward(q)
        return self._data.site_xpos[self._tips].copy()

    def solve_tips(
        self,
        q0: NDArray[np.float64],
        targets_m: NDArray[np.float64],
        fingers: Sequence[str] | None = None,
        iterations: int = 5,
    ) -> NDArray[np.float64]:
        """Move the fingertips to points by damped least squares; the wrist stays where it is.

        Parameters
        ----------
        q0 : (J,) float64 array
            Joints to start from; also the values of joints that do not matter.
        targets_m : (N, 3) float64 array
            World positions for ``fingers``, metres.
        fingers : sequence of str, optional
            Names of the fingers, all of ``tip_fingers`` by default.
        iterations : int
            Gauss-Newton steps.

        Returns
        -------
        (J,) float64 array
            Joints inside the limits; as close as the limits allow for targets out of reach.
        """
        names = self.tip_fingers if fingers is None else tuple(fingers)
        sites = self._tips[[self.tip_fingers.index(name) for name in names]]
        return self._solve_sites(q0, targets_m, sites, iterations)

    def solve_pads(
        self,
        q0: NDArray[np.float64],
        targets_m: NDArray[np.float64],
        iterations: int = 2,
        fingers: Sequence[str] | None = None,
    ) -> NDArray[np.float64]:
        """Move the centres of all pads to points, as ``solve_tips`` does with fingertips.

        Parameters
        ----------
        q0 : (J,) float64 array
            Joints to start from.
        targets_m : (P, 3) float64 array
            World positions in ``pad_fingers`` order, metres.
        iterations : int
            Gauss-Newton steps; two suffice for shifts of a few millimetres.
        fingers : sequence of str, optional
            Whose pads the rows of ``targets_m`` are; all by default.
        """
        chosen = self.pad_fingers if fingers is None else fingers
        pads = self._pads[[self.pad_fingers.index(name) for name in chosen]]
        return self._solve_sites(q0, targets_m, pads, iterations)

    def _solve_sites(
        self,
        q0: NDArray[np.float64],
        targets_m: NDArray[np.float64],
        sites: NDArray[np.int64],
        iterations: int,
    ) -> NDArray[np.float64]:
        targets = np.asarray(targets_m, float).reshape(len(sites), 3)
        free = slice(self.spec.wrist_size, None)
        q = np.clip(np.asarray(q0, float), self.spec.lower, self.spec.upper)
        jacobian = np.zeros((3 * len(sites), self._model.nv))
        for _ in range(iterations):
            self._forward(q)
            mujoco.mj_comPos(self._model, self._data)
            for row, site in enumerate(sites):
                part = jacobian[3 * row : 3 * row + 3]
                mujoco.mj_jacSite(self._model, self._data, part, cast(Any, None), int(site))
            error = (targets - self._data.site_xpos[sites]).ravel()
            j = jacobian[:, self._dof[free]]
            system = j @ j.T + IK_DAMPING_M**2 * np.eye(len(error))
            step = j.T @ np.linalg.solve(system, error)
            step *= min(1.0, IK_STEP_MAX / max(float(np.abs(step).max(initial=0.0)), 1e-12))
            q[free] += step
            np.clip(q, self.spec.lower, self.spec.upper, out=q)
        return q

    def _forward(self, q: NDArray[np.float64]) -> None:
        self._data.qpos[self._qpos] = q
        mujoco.mj_kinematics(self._model, self._data)

    def _collect_geoms(self) -> list[LinkGeom]:
        row_of_body = {int(body): row for row, body in enumerate(self._bodies)}
        found = []
        for index in range(self._model.ngeom):
            geom = self._model.geom(index)
            row = row_of_body.get(int(geom.bodyid[0]))
            if row is None:
                continue
            rotation = np.zeros(9)
            mujoco.mju_quat2Mat(rotation, geom.quat)
            transform = np.eye(4)
            transform[:3, :3], transform[:3, 3] = rotation.reshape(3, 3), geom.pos
            shape, size = SHAPE_NAMES.get(int(geom.type[0])), geom.size.copy()
            if shape is None:  # a mesh of the user's file: drawn as its bounding box
                shape, size = "box", self._model.geom_aabb[index, 3:].copy()
            found.append(LinkGeom(row, shape, size, transform, _role_of(geom.name)))
        return found


def _role_of(geom_name: str) -> str:
    last = geom_name.rsplit("_", 1)[-1].rstrip("0123456789")
    return last if last in ("shell", "joint", "pad", "palm", "accent") else "shell"


def _transforms(positions: NDArray, matrices: NDArray) -> NDArray[np.float64]:
    out = np.zeros((len(positions), 4, 4))
    out[:, :3, :3] = matrices.reshape(-1, 3, 3)
    out[:, :3, 3] = positions
    out[:, 3, 3] = 1.0
    return out
