"""Touch: contact forces of the physics become what the pads of a hand would report.

contact force -> pad frame -> spread over the taxels -> sensor model -> sample.

Forces are those with which the pad **presses on the object**: in the pad frame (x distal, z
outwards) a press is +z. Spreading is a Gaussian as wide as the skin is thick and conserves the
force: without a sensor model the sum over a pad's taxels is the contact force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.hands.schema import PadModel
from devices.hands.spec import taxel_positions_m
from devices.rig import SensorModel
from devices.sim.scene import SceneMap


@dataclass(frozen=True, slots=True)
class PadContacts:
    """Contacts on the pads of one hand, in the pad frames.

    ``pad`` ``(C,)`` int, ``force_n`` ``(C, 3)``, ``point_m`` ``(C, 2)`` x, y on the pad.
    """

    pad: NDArray[np.int64]
    force_n: NDArray[np.float64]
    point_m: NDArray[np.float64]


def pad_contacts(
    model: mujoco.MjModel, data: mujoco.MjData, scene: SceneMap
) -> tuple[PadContacts, ...]:
    """Collect the contacts of this step on every hand's pads, in the order of ``scene.hands``."""
    pads_of = scene.pad_of_geom
    geoms = data.contact.geom[: data.ncon]
    found: list[list[tuple[int, NDArray, NDArray]]] = [[] for _ in scene.hands]
    if len(geoms):
        wrench = np.zeros(6)
        for index, which in np.argwhere(pads_of[geoms, 0] >= 0):
            hand, pad = (int(value) for value in pads_of[geoms[index, which]])
            mujoco.mj_contactForce(model, data, int(index), wrench)
            contact = data.contact[int(index)]
            on_second = contact.frame.reshape(3, 3).T @ wrench[:3]  # world, acts on geom 2
            by_pad = on_second if which == 0 else -on_second
            site = scene.hands[hand].pads[pad]
            rotation = data.site_xmat[site].reshape(3, 3)
            point = rotation.T @ (contact.pos - data.site_xpos[site])
            found[hand].append((pad, rotation.T @ by_pad, point[:2]))
    return tuple(_stack(items) for items in found)


def _stack(items: list[tuple[int, NDArray, NDArray]]) -> PadContacts:
    if not items:
        return PadContacts(np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros((0, 2)))
    pads, forces, points = zip(*items, strict=True)
    return PadContacts(np.array(pads, np.int64), np.array(forces), np.array(points))


def resultants(contacts: PadContacts, pads: int) -> NDArray[np.float64]:
    """Return ``(pads, 5)``: force x, y, z in newtons and centre of pressure x, y in metres."""
    out = np.zeros((pads, 5))
    np.add.at(out[:, :3], contacts.pad, contacts.force_n)
    weight = np.zeros(pads)
    strength = np.linalg.norm(contacts.force_n, axis=1)
    np.add.at(weight, contacts.pad, strength)
    np.add.at(out[:, 3:], contacts.pad, contacts.point_m * strength[:, None])
    out[:, 3:] /= np.maximum(weight, 1e-12)[:, None]
    return out


class TaxelArray:
    """Spreads contact forces over the taxels of equal pads.

    Parameters
    ----------
    pads : sequence of PadModel
        Pads with the same number of rows and columns.
    """

    def __init__(self, pads: Sequence[PadModel]) -> None:
        self._half = np.array([pad.size_m for pad in pads]) / 2
        self._centres = np.stack([taxel_positions_m(pad)[:, :2] for pad in pads])  # (P, T, 2)
        self._scale = np.array([-0.5 / pad.gel_thickness_m**2 for pad in pads])
        self.shape = (len(pads), self._centres.shape[1], 3)

    def spread(self, contacts: PadContacts) -> NDArray[np.float64]:
        """Return taxel forces ``(P, T, 3)`` in newtons; a pad's sum is its contact force.

        A contact beyond the edge of the sensing rectangle is felt at the edge.
        """
        out = np.zeros(self.shape)
        if len(contacts.pad) == 0:
            return out
        half = self._half[contacts.pad]
        point = np.clip(contacts.point_m, -half, half)
        distance2 = ((self._centres[contacts.pad] - point[:, None, :]) ** 2).sum(axis=2)
        weight = np.exp(distance2 * self._scale[contacts.pad, None])
        weight /= weight.sum(axis=1, keepdims=True)
        np.add.at(out, contacts.pad, weight[:, :, None] * contacts.force_n[:, None, :])
        return out


class TactileSensor:
    """Bias, noise, saturation and quantisation of a tactile sensor, in this order.

    Parameters
    ----------
    model : SensorModel
        Imperfections; ``enabled: false`` passes the exact force.
    shape : tuple of int
        Shape of one sample; every value is a sensing axis with a bias of its own.
    seed : int
        Draws the biases and the noise.
    """

    def __init__(self, model: SensorModel, shape: tuple[int, ...], seed: int = 0) -> None:
        self._model = model
        self._rng = np.random.default_rng(seed)
        self._bias = self._rng.uniform(-model.bias_n, model.bias_n, shape)

    def measure(self, force_n: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the sensor reports for ``force_n``, newtons, same shape."""
        model = self._model
        if not model.enabled:
            return force_n
        out = force_n + self._bias
        if model.noise_n:
            noise = self._rng.standard_normal(force_n.shape, dtype=np.float32)
            out += model.noise_n * noise
        np.clip(out, -model.saturation_n, model.saturation_n, out=out)
        if model.quantum_n:
            out = np.round(out / model.quantum_n) * model.quantum_n
        return out
