"""Pictures of all gel fingertips of a hand straight from the physics, without a bus or a GL."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.rig import Rig
from devices.sim.gel_contact import PadContact
from devices.sim.scene import SceneMap
from devices.sim.touch import PadContacts, resultants
from devices.sim.touch_camera import gel_of


class GelPictures:
    """Draws the visuotactile fingertips of a rig's first hand. One thread.

    Parameters
    ----------
    rig : Rig
        A rig whose first hand has visuotactile touch; another one has no pictures.
    model, scene
        The world's.
    """

    def __init__(self, rig: Rig, model: mujoco.MjModel, scene: SceneMap) -> None:
        hand = rig.hands[0]
        touch = next((t for t in rig.tactile if t.side == hand.side), None)
        where, spec = scene.hands[0], hand.spec
        self._pads = len(spec.pads)
        self._fingers = []
        if touch is None or touch.kind != "visuotactile":
            return
        for index, pad in enumerate(spec.pads):
            gel = gel_of(touch, pad)
            links = [i for i, link in enumerate(spec.model.links) if link.finger == pad.finger]
            contact = PadContact(
                model, int(where.pads[index]), where.links[links].tolist(), gel.grid_x_m,
                gel.grid_y_m, pad,
            )  # fmt: skip
            stream = f"{hand.side}_{pad.finger}/visuotactile"
            self._fingers.append((stream, index, gel, contact))

    @property
    def streams(self) -> tuple[str, ...]:
        """Stream names of the pictures, in finger order."""
        return tuple(stream for stream, *_ in self._fingers)

    def draw(self, data: mujoco.MjData, contacts: PadContacts) -> dict[str, NDArray[np.uint8]]:
        """(H, W, 3) uint8 RGB of every gel under ``contacts`` of the hand, by stream name."""
        forces = resultants(contacts, self._pads)
        found: dict[str, NDArray[np.uint8]] = {}
        for stream, pad, gel, contact in self._fingers:
            fx, fy, fz, cx, cy = (float(value) for value in forces[pad])
            picture = np.empty_like(gel.reference)
            gel.draw(contact.relief(data, abs(fz), (cx, cy)), (fx, fy), picture)
            found[stream] = picture
        return found
