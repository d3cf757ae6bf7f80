"""The simulated world of a rig as one MuJoCo model: table, light, objects, hands, cameras.

World frame: origin in the middle of the table top, z up, the operator's side at -y. Start poses:
each hand floats about 0.2 m above the table (``HandConfig.base_pos_m``) with its fingers
forward and down; the first object of each hand lies 0.08 m straight below its closing fingers, the
others stand around it, all within 0.25 m. ``start_poses`` is the one place that says where.

Geoms are grouped: 0 scenery, 1 objects, 2 hands, 3 hidden, 4 the operator's hand (renderers only;
its bodies are mocap, so ``qpos`` is the same with and without it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.hands.mjcf import HandFileError, add_hand
from devices.hands.rotation import quaternion_from_rotation, rotation_from_rpy
from devices.rig import CameraConfig, HandConfig, Rig, RigError
from devices.sim.objects import REST_HEIGHT_M, add_object

SCENERY_GROUP, HIDDEN_GROUP, OPERATOR_GROUP = 0, 3, 4
TABLE_HALF_M = (0.60, 0.45, 0.02)
FLOOR_Z_M = -0.75
GRASP_POINT_M = (0.012, -0.085, 0.090)  # between thumb and fingers, palm frame of a right hand

# Places on the table relative to the point below the closing fingers of the first hand, metres.
_AROUND = {
    "ball": (0.0, 0.0),
    "cube": (0.085, -0.075),
    "cylinder": (-0.095, -0.070),
    "bottle": (-0.170, 0.030),
    "charger": (0.140, 0.020),
    "socket": (0.195, -0.085),
}
_AROUND_TWO_HANDS = {
    "ball": (0.0, 0.0),
    "cube": (-0.384, 0.0),
    "cylinder": (-0.115, -0.075),
    "bottle": (-0.185, -0.005),
    "charger": (0.105, -0.045),
    "socket": (0.170, -0.085),
}


@dataclass(frozen=True)
class HandMap:
    """Where one hand lives in the model; every array is in ``HandSpec`` order.

    ``qpos``, ``dof``, ``actuators``: ``(J,)``. ``links``: ``(L,)`` body ids, the palm last.
    ``pads``: ``(P,)`` site ids. ``tips``: ``(F,)`` site ids in finger order.
    """

    side: str
    qpos: NDArray[np.int64]
    dof: NDArray[np.int64]
    actuators: NDArray[np.int64]
    links: NDArray[np.int64]
    pads: NDArray[np.int64]
    tips: NDArray[np.int64]


@dataclass(frozen=True)
class SceneMap:
    """Names of the rig to indices of the model.

    Attributes
    ----------
    hands : tuple of HandMap
        In the order of ``Rig.hands``.
    objects : dict
        Object name to body id, in the order of ``WorldConfig.objects``.
    object_qpos : dict
        Object name to the first ``qpos`` index of its free joint; fixed objects are absent.
    cameras : dict
        Camera name to camera id.
    pad_of_geom : (ngeom, 2) int64 array
        Hand and pad index whose skin a geom is, or -1, -1.
    """

    hands: tuple[HandMap, ...]
    objects: dict[str, int]
    object_qpos: dict[str, int]
    cameras: dict[str, int]
    pad_of_geom: NDArray[np.int64]


def build_scene(rig: Rig, operator_hand: bool = False) -> tuple[mujoco.MjModel, SceneMap]:
    """Compile the world of ``rig``.

    Parameters
    ----------
    rig : Rig
        A rig with a ``world``.
    operator_hand : bool
        Add the operator's hand for pictures; it changes neither ``qpos`` nor the physics.

    Raises
    ------
    RigError
        When the rig has no world, or names an unknown object or an unusable hand file.
    """
    if rig.world is None:
        raise RigError(f"rig '{rig.name}' has no world; only rigs with key 'world' are simulated")
    spec = mujoco.MjSpec()
    spec.modelname = rig.name
    _set_options(spec, rig.world.timestep_s)
    _add_scenery(spec)
    poses = start_poses(rig)
    try:
        for name in rig.world.objects:
            add_object(spec, name, poses[name])
        for hand in rig.hands:
            add_hand(spec, hand.spec, hand.base_pos_m, hand.base_rpy_rad, rig.world.model_file)
    except (HandFileError, ValueError) as error:
        raise RigError(f"rig '{rig.name}': {error}") from None
    for camera in rig.cameras:
        _add_camera(spec, camera)
    if operator_hand:
        from devices.sim.operator_hand import add_operator_hand

        add_operator_hand(spec, rig)
    try:
        model = spec.compile()
    except ValueError as error:
        cause, file = str(error).splitlines()[0], rig.world.model_file
        what = f"hand file '{file}'" if file is not None else "its world"
        raise RigError(f"rig '{rig.name}': {what} cannot be compiled: {cause}") from None
    return model, _map_scene(rig, model)


def start_poses(rig: Rig) -> dict[str, tuple[float, float, float]]:
    """Return the start position of every object of the rig's world, metres, world frame."""
    assert rig.world is not None
    x, y = _below_fingers(rig.hands[0])
    around = _AROUND if len(rig.hands) == 1 else _AROUND_TWO_HANDS
    mirror = -1.0 if rig.hands[0].side == "left" else 1.0
    places: dict[str, tuple[float, float, float]] = {}
    task = rig.world.task
    for index, name in enumerate(rig.world.objects):
        dx, dy = around.get(name, (0.3, 0.05 * index))
        if task is not None:
            dx, dy = task.places_m.get(name, (0.0 if index == 0 else dx, 0.0 if index == 0 else dy))
        places[name] = (x + mirror * dx, y + dy, REST_HEIGHT_M.get(name, 0.05))
    return places


def _below_fingers(hand: HandConfig) -> tuple[float, float]:
    point = np.array(GRASP_POINT_M)
    if hand.side == "left":
        point[0] *= -1
    world = np.array(hand.base_pos_m) + rotation_from_rpy(hand.base_rpy_rad) @ point
    return float(world[0]), float(world[1])


def _set_options(spec: Any, timestep_s: float) -> None:
    spec.option.timestep = timestep_s
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 5.0  # fingertips must hold, not creep
    spec.option.iterations = 20
    spec.option.ls_iterations = 10
    spec.option.tolerance = 1e-6
    spec.visual.quality.offsamples = 0  # software GL: both zero make a frame 20 times cheaper
    spec.visual.quality.shadowsize = 0
    spec.visual.headlight.ambient = (0.34, 0.34, 0.36)
    spec.visual.headlight.diffuse = (0.26, 0.26, 0.26)
    spec.visual.headlight.specular = (0.10, 0.10, 0.10)
    spec.visual.map.znear = 0.02
    spec.visual.map.zfar = 8.0
    spec.stat.extent = 1.0
    spec.stat.center = (0.0, 0.0, 0.1)


def _add_scenery(spec: Any) -> None:
    world = spec.worldbody
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=(0.62, 0.67, 0.72), rgb2=(0.30, 0.33, 0.37), width=64, height=384,
    )  # fmt: skip
    wood = spec.add_texture(
        name="wood", type=mujoco.mjtTexture.mjTEXTURE_2D, nchannel=3, width=512, height=512
    )
    wood.data = _wood_grain(512).tobytes()
    spec.add_texture(
        name="tiles", type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER, mark=mujoco.mjtMark.mjMARK_EDGE,
        rgb1=(0.42, 0.44, 0.47), rgb2=(0.38, 0.40, 0.43), markrgb=(0.32, 0.34, 0.37),
        width=256, height=256,
    )  # fmt: skip
    table = spec.add_material(name="table", specular=0.15, shininess=0.2, texrepeat=(1, 1))
    table.textures[int(mujoco.mjtTextureRole.mjTEXROLE_RGB)] = "wood"
    floor = spec.add_material(name="floor", specular=0.05, texrepeat=(3, 3), texuniform=True)
    floor.textures[int(mujoco.mjtTextureRole.mjTEXROLE_RGB)] = "tiles"
    spec.add_material(name="table_edge", rgba=(0.36, 0.27, 0.20, 1.0), specular=0.2)
    spec.add_material(name="steel", rgba=(0.22, 0.23, 0.25, 1.0), specular=0.5)
    box, plane = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_PLANE
    half = np.array(TABLE_HALF_M)
    # In this order software GL paints few pixels twice: what lies in front comes first.
    world.add_geom(
        name="table_face", type=plane, size=(half[0], half[1], 0.3), pos=(0, 0, 0.0004),
        material="table", group=SCENERY_GROUP, contype=0, conaffinity=0,
    )  # fmt: skip
    world.add_geom(
        name="table_top", type=box, size=half, pos=(0, 0, -half[2]), material="table_edge",
        group=SCENERY_GROUP, contype=1, conaffinity=3, friction=(0.8, 0.005, 0.0001),
    )  # fmt: skip
    for index, (sx, sy) in enumerate(((1, 1), (1, -1), (-1, 1), (-1, -1))):
        length = -FLOOR_Z_M / 2 - half[2]
        world.add_geom(
            name=f"table_leg{index}", type=box, size=(0.022, 0.022, length), material="steel",
            pos=(sx * (half[0] - 0.05), sy * (half[1] - 0.05), -2 * half[2] - length),
            group=SCENERY_GROUP, contype=0, conaffinity=0,
        )  # fmt: skip
    world.add_geom(
        name="floor", type=plane, size=(4, 4, 4), pos=(0, 0, FLOOR_Z_M), material="floor",
        group=SCENERY_GROUP, contype=1, conaffinity=3,
    )  # fmt: skip
    directional = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    world.add_light(
        name="key", type=directional, pos=(-0.6, -0.8, 1.6), dir=(0.45, 0.45, -0.9),
        diffuse=(0.58, 0.56, 0.52), specular=(0.30, 0.30, 0.30), castshadow=True,
    )  # fmt: skip
    world.add_light(
        name="fill", type=directional, pos=(0.9, 0.3, 1.0), dir=(-0.8, -0.2, -0.55),
        diffuse=(0.16, 0.18, 0.22), specular=(0.05, 0.05, 0.05), castshadow=False,
    )  # fmt: skip


def _wood_grain(size: int) -> NDArray[np.uint8]:
    """Draw a quiet plank texture ``(size, size, 3)`` uint8; the same every time."""
    rng = np.random.default_rng(11)
    along = np.linspace(0, 1, size)
    coarse = rng.normal(size=(size // 8, 6))
    noise = np.stack(
        [np.interp(along, np.linspace(0, 1, 6), row) for row in coarse]
    )  # slow change along the grain
    noise = np.repeat(noise, 8, axis=0)[:size]
    rows = np.arange(size)[:, None]
    rings = np.sin(rows * 0.24 + 2.2 * noise + 1.4 * np.sin(rows * 0.021 + 3 * along[None, :]))
    fine = rng.normal(scale=0.25, size=(size, 1)) + rng.normal(scale=0.06, size=(size, size))
    tone = 0.045 * rings + 0.030 * fine
    planks = (rows // (size // 5)) % 5
    tone = tone + np.array([0.0, 0.035, -0.025, 0.015, -0.03])[planks]
    seam = (rows % (size // 5)) < 2
    colour = np.array([0.66, 0.53, 0.40])[None, None, :] * (1.0 + tone[:, :, None])
    colour = np.where(seam[:, :, None], colour * 0.7, colour)
    return (np.clip(colour, 0, 1) * 255).astype(np.uint8)


def _add_camera(spec: Any, camera: CameraConfig) -> None:
    position, target = np.array(camera.pos_m), np.array(camera.look_at_m)
    world = camera.mount == "world"
    parent = spec.worldbody if world else spec.body(f"{camera.mount}_palm")
    up = np.array([0.0, 0.0, 1.0]) if world else np.array([0.0, 1.0, 0.0])  # the back of the hand
    parent.add_camera(
        name=camera.name,
        pos=position,
        quat=quaternion_from_rotation(_looking(target - position, up)),
        fovy=camera.fovy_deg,
    )


def _looking(direction: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation ``(3, 3)`` of a camera that looks along ``direction``: x right, y up, z back."""
    back = -direction / np.linalg.norm(direction)
    right = np.cross(up, back)
    if np.linalg.norm(right) < 1e-6:  # looking straight along "up"
        right = np.cross([0.0, 1.0, 0.0], back)
        if np.linalg.norm(right) < 1e-6:
            right = np.array([1.0, 0.0, 0.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back], axis=1)


def _map_scene(rig: Rig, model: mujoco.MjModel) -> SceneMap:
    assert rig.world is not None
    pad_of_geom = np.full((model.ngeom, 2), -1, dtype=np.int64)
    hands = []
    for hand_index, hand in enumerate(rig.hands):
        hand_map = _map_hand(model, hand)
        hands.append(hand_map)
        for pad_index, site in enumerate(hand_map.pads):
            body = model.site_bodyid[site]
            skin = np.flatnonzero(model.geom_bodyid == body)
            named = [g for g in skin if "_pad" in model.geom(int(g)).name]
            pad_of_geom[named or skin] = (hand_index, pad_index)
    objects = {name: model.body(name).id for name in rig.world.objects}
    free = {
        name: int(model.jnt_qposadr[model.body_jntadr[body]])
        for name, body in objects.items()
        if model.body_jntnum[body]
    }
    cameras = {camera.name: model.camera(camera.name).id for camera in rig.cameras}
    return SceneMap(tuple(hands), objects, free, cameras, pad_of_geom)


def _map_hand(model: mujoco.MjModel, hand: HandConfig) -> HandMap:
    spec, side = hand.spec, hand.side
    joints = [model.joint(name) for name in spec.names]
    links = [
        int(model.joint(f"{side}_{link.joint.name}").bodyid[0])
        if link.joint is not None
        else model.body(f"{side}_{link.name}").id
        for link in spec.model.links
    ]
    tipped = {link.finger for link in spec.model.links if link.tip_m is not None}
    return HandMap(
        side=side,
        qpos=np.array([joint.qposadr[0] for joint in joints]),
        dof=np.array([joint.dofadr[0] for joint in joints]),
        actuators=np.array([model.actuator(name).id for name in spec.names]),
        links=np.array([*links, model.body(f"{side}_palm").id]),
        pads=np.array([model.site(f"{side}_{pad.finger}_pad").id for pad in spec.pads], int),
        tips=np.array(
            [model.site(f"{side}_{f}_tip").id for f in spec.model.fingers if f in tipped], int
        ),
    )
