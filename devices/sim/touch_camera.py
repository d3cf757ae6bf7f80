"""A simulated visuotactile fingertip: the camera behind the gel of one finger.

Poses come from the shared scene feed, forces from ``world/pad_contacts``; no GL is needed. The
stamps are those of a simulated camera: host time of drawing, simulation time of the poses.
"""

from __future__ import annotations

from numpy.typing import NDArray

from devices.camera import Camera, CameraReading, CameraSite, DeviceError
from devices.clock import now_ns
from devices.hands.schema import PadModel
from devices.rig import TactileConfig
from devices.sim.gel import Gel
from devices.sim.gel_contact import PadContact
from devices.sim.scene_feed import SceneFeed


class TouchCamera(Camera):
    """Draws the gel of one finger.

    Parameters
    ----------
    config : TactileConfig
        Size and rate of the picture, side of the hand.
    device : str
        ``<side>_<finger>_gel``; names the finger.
    site : CameraSite
        Shared with the simulated cameras.
    """

    thread_group = "sim"
    noise_free = True
    config: TactileConfig

    def __init__(self, config: TactileConfig, device: str, site: CameraSite) -> None:
        super().__init__(config, device, site)
        self._finger = device.removeprefix(f"{config.side}_").removesuffix("_gel")
        self._stream = f"{config.side}_{self._finger}/visuotactile"
        self._feed: SceneFeed | None = None
        self._gel: Gel | None = None
        self._contact: PadContact | None = None
        self._place = (0, 0)
        self._drawn = 0

    def open(self) -> None:
        """Load the scene and prepare the gel of this finger."""
        feed = SceneFeed.of(self.site)
        sides = [hand.side for hand in feed.rig.hands]
        hand_index = sides.index(self.config.side)
        hand = feed.rig.hands[hand_index].spec
        pad_index, pad = self._find_pad(hand.pads)
        links = [i for i, link in enumerate(hand.model.links) if link.finger == self._finger]
        scene = feed.scene.hands[hand_index]
        self._gel = gel_of(self.config, pad)
        self._contact = PadContact(
            feed.model, int(scene.pads[pad_index]), scene.links[links].tolist(),
            self._gel.grid_x_m, self._gel.grid_y_m, pad,
        )  # fmt: skip
        self._place = (hand_index, pad_index)
        self._feed, self._drawn = feed, feed.version

    def read_into(self, buffers: dict[str, NDArray]) -> CameraReading | None:
        """Draw the gel under the newest contact (N): (H, W, 3) uint8 RGB, stamps in ns."""
        feed, gel, contact = self._feed, self._gel, self._contact
        if feed is None or gel is None or contact is None:
            raise DeviceError(f"fingertip '{self.name}': read before open")
        version = feed.poll()
        if version == self._drawn:
            return None
        self._drawn = version
        stamp_ns = now_ns()
        fx, fy, fz, cx, cy = (float(value) for value in feed.pad_contacts[self._place])
        relief = contact.relief(feed.data, abs(fz), (cx, cy))
        gel.draw(relief, (fx, fy), buffers[self._stream])
        return CameraReading(stamp_ns, feed.device_stamp_ns)

    def close(self) -> None:
        """Let go of the scene, which the capture process closes."""
        self._feed = None

    def _find_pad(self, pads: tuple[PadModel, ...]) -> tuple[int, PadModel]:
        for index, pad in enumerate(pads):
            if pad.finger == self._finger:
                return index, pad
        raise DeviceError(f"fingertip '{self.name}': the hand has no pad on that finger")


def gel_of(config: TactileConfig, pad: PadModel) -> Gel:
    """The gel of one pad; its ``reference`` is the picture without contact.

    Parameters
    ----------
    config : TactileConfig
        Picture size and side.
    pad : PadModel
        The pad; its size sets the scale, its finger the background.
    """
    length_m, breadth_m = pad.size_m
    name = f"{config.side}_{pad.finger}"
    return Gel(config.width, config.height, length_m, breadth_m, name)
