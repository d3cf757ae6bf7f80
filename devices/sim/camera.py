"""A simulated camera: pictures of the physics world, rendered outside of it.

``stamp_ns`` is the host time at which the poses were picked up and drawn, ``device_stamp_ns`` the
simulation time of those poses: when physics runs slow or stops, the stamps say so. Degradation
ladder: no new poses -> no frame, and after ``stale_after_s`` the capture loop calls the camera
silent; no GL -> ``DeviceError``.
"""

from __future__ import annotations

import mujoco
from numpy.typing import NDArray

from devices.camera import Camera, CameraReading, CameraSite, DeviceError
from devices.clock import now_ns
from devices.rig import CameraConfig
from devices.sim.scene_feed import SceneFeed


class SimCamera(Camera):
    """Renders one camera of the scene: colour, and on request depth and the operator's truth.

    Parameters
    ----------
    config : CameraConfig
        Name, size, rate and place of the camera.
    device : str
        Device identifier of the camera's streams.
    site : CameraSite
        Shared with the other simulated cameras: one scene, one GL context, one thread.
    """

    thread_group = "sim"
    noise_free = True
    config: CameraConfig

    def __init__(self, config: CameraConfig, device: str, site: CameraSite) -> None:
        super().__init__(config, device, site)
        self._feed: SceneFeed | None = None
        self._camera = -1
        self._drawn = 0

    def open(self) -> None:
        """Load the scene; raises ``DeviceError`` without an off-screen GL."""
        try:
            feed = SceneFeed.of(self.site)
            _ = feed.renderer
        except (ImportError, RuntimeError, mujoco.FatalError) as error:
            raise DeviceError(
                f"camera '{self.name}': no off-screen GL ({error}); install libegl1 and "
                "libgl1-mesa-dri, or set MUJOCO_GL=osmesa"
            ) from error
        self._camera = feed.scene.cameras[self.config.name]
        self._feed = feed
        self._drawn = feed.version

    def read_into(self, buffers: dict[str, NDArray]) -> CameraReading | None:
        """Draw the newest state: (H, W, 3) uint8 RGB, depth in ``depth_unit_m``, stamps in ns."""
        feed = self._feed
        if feed is None:
            raise DeviceError(f"camera '{self.name}': read before open")
        version = feed.poll()
        if version == self._drawn:
            return None
        self._drawn = version
        stamp_ns = now_ns()
        name, renderer = self.config.name, feed.renderer
        renderer.colour(
            feed.data,
            self._camera,
            buffers[f"{name}/rgb"],
            buffers.get(f"{name}/depth"),
            self.config.depth_unit_m,
            operator=feed.operator_shown,
        )
        if self.config.truth:
            clean = buffers[f"{name}/rgb_without_operator"]
            mask = buffers[f"{name}/operator_mask"]
            if feed.operator_shown and feed.operator_present:
                renderer.colour(feed.data, self._camera, clean, operator=False)
                renderer.operator_mask(feed.data, self._camera, mask)
            else:
                clean[...] = buffers[f"{name}/rgb"]
                mask[...] = 0
        return CameraReading(stamp_ns, feed.device_stamp_ns)

    def close(self) -> None:
        """Let go of the scene, which the capture process closes."""
        self._feed = None
