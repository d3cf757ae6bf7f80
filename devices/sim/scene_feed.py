"""The scene as the cameras see it: poses from the physics world, operator hands on top.

All simulated cameras and fingertips of a session share one feed, on one thread: it takes the
newest ``world/qpos``, runs the kinematics once per sample, and poses the operator's hands after
``operator/pulls``. It computes no physics.
"""

from __future__ import annotations

from collections.abc import Iterable

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus
from devices.camera import CameraSite
from devices.messages import SIM_ORDERS, ShowOperator
from devices.rig import MAX_PULLS, PULL_FIELDS
from devices.session_file import SessionFile
from devices.sim.operator_pose import OperatorHands
from devices.sim.render import SceneRenderer
from devices.sim.scene import build_scene
from devices.wire import pad_contact_spec, scene_spec

PULLS_VALID_NS = 500_000_000  # pulls older than this have been let go


class SceneFeed:
    """Newest poses of the scene. One thread only.

    Parameters
    ----------
    session : SessionFile
        The session, for its rig.
    bus : Bus
        Where ``world/qpos``, ``operator/pulls`` and ``sim/control`` come from.

    Attributes
    ----------
    model, data : mujoco.MjModel, mujoco.MjData
        The scene with the operator's hands; ``data`` holds poses only.
    scene : SceneMap
        Where hands, links, pads and cameras are in the model.
    version : int
        Counts pose samples; 0 before the first.
    device_stamp_ns : int or None
        Simulation time of the newest poses, ns.
    pad_contacts : (hand, pad, 5) float64 array
        Newest ``world/pad_contacts``: forces in newtons and centre of pressure in metres.
    operator_shown : bool
        Whether pictures show the operator's hands.
    """

    def __init__(self, session: SessionFile, bus: Bus) -> None:
        self.rig = session.rig
        self.model, self.scene = build_scene(session.rig, operator_hand=True)
        self.data = mujoco.MjData(self.model)
        self.version = 0
        self.device_stamp_ns: int | None = None
        self.operator_shown = True
        contacts = pad_contact_spec(session.rig)
        self.pad_contacts: NDArray[np.float64] = np.zeros(contacts.shape)
        self._pulls = np.zeros((MAX_PULLS, PULL_FIELDS))
        self._pulls_ns = 0
        self._operator = OperatorHands(self.model, self.scene, session.rig)
        self._qpos_queue = bus.subscriber(scene_spec(session.rig, self.model.nq), depth=4)
        self._pulls_queue = bus.subscriber(session.rig.stream("operator/pulls"), depth=4)
        self._contact_queue = bus.subscriber(contacts, depth=4)
        self._orders = bus.inbox("sim/control")
        self._renderer: SceneRenderer | None = None

    @classmethod
    def of(cls, site: CameraSite) -> SceneFeed:
        """The feed that all simulated cameras of ``site`` share."""
        return site.shared("scene", lambda: cls(site.session, site.bus))

    @property
    def renderer(self) -> SceneRenderer:
        """The renderer of all cameras, made on first use on the calling thread."""
        if self._renderer is None:
            width, height = _largest((c.width, c.height) for c in self.rig.cameras)
            self._renderer = SceneRenderer(self.model, width, height)
        return self._renderer

    @property
    def operator_present(self) -> bool:
        """Whether one of the operator's hands is in the scene, shown or not."""
        return self._operator.visible

    def poll(self) -> int:
        """Take in what is new and return ``version``."""
        for raw in self._orders.drain():
            order = SIM_ORDERS.validate_python(raw)
            if isinstance(order, ShowOperator):
                self.operator_shown = order.visible
        contacts = self._contact_queue.newest()
        if contacts is not None:
            self.pad_contacts = contacts.data
        pulls = self._pulls_queue.newest()
        if pulls is not None:
            self._pulls, self._pulls_ns = pulls.data, pulls.stamp_ns
        poses = self._qpos_queue.newest()
        if poses is not None:
            stamp_ns = poses.stamp_ns if poses.device_stamp_ns is None else poses.device_stamp_ns
            if poses.stamp_ns - self._pulls_ns > PULLS_VALID_NS:
                self._pulls = np.zeros_like(self._pulls)
            self.device_stamp_ns = stamp_ns
            self.version += 1
            self._pose(poses.data, stamp_ns / 1e9)
        return self.version

    def close(self) -> None:
        """Release queues and the GL context."""
        for port in (self._qpos_queue, self._pulls_queue, self._contact_queue, self._orders):
            port.close()
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _pose(self, qpos: NDArray, at_s: float) -> None:
        self.data.qpos[:] = qpos
        mujoco.mj_kinematics(self.model, self.data)
        self._operator.pose(self.data, self._pulls, at_s)
        if self._operator.visible:
            mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)


def _largest(sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    widths, heights = zip(*sizes, strict=True)
    return max(widths), max(heights)
