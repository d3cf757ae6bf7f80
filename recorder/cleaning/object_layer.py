"""Objects with recorded poses, drawn and filled together with the robot that holds them.

A held object hides fingers, and fingers hide it: who is in front is a question of depth. Objects
therefore join the robot's shapes as further links that are moved by their recorded poses, and one
layer (``RobotLayer``) takes the colours of both from pictures that show them. What an object looks
like is so taken from when it lay in view and warped rigidly to where it is now.

Shapes are known for the objects of the simulated world. Objects without shapes or poses are left
to the flow layer, which carries whatever moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from devices.kinematics import SHAPE_NAMES
from devices.sim.objects import OBJECT_GROUP, REST_HEIGHT_M, add_object
from recorder.cleaning.cameras import world_to_camera
from recorder.cleaning.clip import CameraGeometry, Clip, Mode
from recorder.cleaning.object_track import ObjectTrack, transforms
from recorder.cleaning.robot_frames import RobotFrames
from recorder.cleaning.robot_layer import RobotLayer
from recorder.cleaning.shapes import Shape
from recorder.cleaning.silhouette import RobotSilhouette
from recorder.progress import ProgressMeter

OBJECTS = "objects"  # beside the sides of the hands in what poses the scene


class SceneSilhouette(RobotSilhouette):
    """Silhouettes of hands and objects; arguments as in ``RobotSilhouette``.

    The poses of the objects, ``(7 N,)`` in the order of the rig's objects, stand beside the joints
    of the hands under the name ``objects``.

    Attributes
    ----------
    robot_shapes : int
        The first shapes are the robot's, the others the objects'.
    first_object : int
        Link of the first object.
    """

    def __init__(
        self, rig: Mapping[str, Any], geometry: CameraGeometry, size: tuple[int, int]
    ) -> None:
        super().__init__(rig, geometry, size)
        self.robot_shapes = len(self.shapes)
        self.first_object = self.link_count
        names = known_objects(rig)
        shapes = (*self.shapes, *object_shapes(names, self.link_count))
        self.link_count += len(names)
        self._take_shapes(shapes)

    def links(self, joints: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Link to camera ``(L, 4, 4)``, objects last; NaN where joints or poses are unknown."""
        out = super().links(joints)
        poses = joints.get(OBJECTS)
        if poses is None or not np.isfinite(poses).all():
            return out
        palms: dict[str, NDArray[np.float64]] = {}
        mount = self.geometry.mount
        if mount != "world":
            if mount not in joints:
                return out
            palms[mount] = self._hands[mount].link_poses(np.asarray(joints[mount], np.float64))[-1]
        out[self.first_object :] = world_to_camera(self.geometry, palms) @ transforms(
            poses.reshape(-1, 7)
        )
        return out


class SceneLayer(RobotLayer):
    """Robot and objects; arguments as in ``RobotLayer``, with a ``PosedClip``.

    Objects that never move take part in who hides whom, but belong to the plate.
    """

    silhouette_type = SceneSilhouette
    clip: PosedClip

    def moved_mask(self, index: int) -> NDArray[np.bool_]:
        """Where an object that moves is in front in picture ``index``, ``(height, width)``."""
        return self._front(index, self.clip.moved)

    def resting_mask(self, index: int) -> NDArray[np.bool_]:
        """Where an object that never moves is in front in picture ``index``."""
        return self._front(index, ~self.clip.moved)

    def silhouette_mask(self, index: int) -> NDArray[np.bool_]:
        """Robot and moving objects of picture ``index``, ``(height, width)``."""
        return super().silhouette_mask(index) & ~self.resting_mask(index)

    def _gather(self, runs: list[RobotFrames], meter: ProgressMeter) -> None:
        super()._gather(runs, meter)
        assert isinstance(self.silhouette, SceneSilhouette)
        self._singly[self.silhouette.robot_shapes :] = True  # they often lie as they lay

    def _front(self, index: int, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        out = np.zeros((self.clip.size[1], self.clip.size[0]), np.bool_)
        frame = self.frames.get(index)
        if frame is not None and isinstance(self.silhouette, SceneSilhouette):
            wanted = np.zeros(len(self.silhouette.shapes) + 1, np.bool_)  # the last one: no shape
            for row in range(self.silhouette.robot_shapes, len(self.silhouette.shapes)):
                wanted[row] = chosen[
                    self.silhouette.shapes[row].link - self.silhouette.first_object
                ]
            out[frame.part] = wanted[frame.surface.shape]
        return out


class PosedClip:
    """A clip whose joints also hold the poses of the objects.

    Parameters
    ----------
    clip : Clip
    objects : ObjectTrack

    Attributes
    ----------
    moved : (N,) bool array
        Objects that are not where they were all the time.
    """

    def __init__(self, clip: Clip, objects: ObjectTrack) -> None:
        self._clip = clip
        self.name, self.size, self.count = clip.name, clip.size, clip.count
        self.mode: Mode = clip.mode
        self.time_ns = clip.time_ns
        self.geometry: CameraGeometry | None = clip.geometry
        self.moved: NDArray[np.bool_] = objects.moved()
        poses = objects.poses.reshape(len(objects.poses), -1)
        self.joints: Mapping[str, NDArray[np.float64]] = {**clip.joints, OBJECTS: poses}
        self.replay: Clip | None = getattr(clip, "replay", None)
        again: ObjectTrack | None = getattr(self.replay, "objects", None)
        if self.replay is not None and again is not None and again.names == objects.names:
            self.replay = PosedClip(self.replay, again)

    def frame(self, index: int) -> NDArray[np.uint8]:
        """RGB picture; raises ``IndexError`` outside the clip."""
        return self._clip.frame(index)


def known_objects(rig: Mapping[str, Any]) -> tuple[str, ...]:
    """Objects of the rig's world; none when the shape of any is unknown."""
    names = tuple(str(name) for name in (rig.get("world") or {}).get("objects", ()))
    return names if set(names) <= set(REST_HEIGHT_M) else ()


def object_shapes(names: tuple[str, ...], first_link: int) -> list[Shape]:
    """Shapes of the named objects, object ``n`` on link ``first_link + n``."""
    if not names:
        return []
    spec = mujoco.MjSpec()
    for name in names:
        add_object(spec, name, (0.0, 0.0, 0.0))
    model = spec.compile()
    found = []
    for geom in range(model.ngeom):
        kind = SHAPE_NAMES.get(int(model.geom_type[geom]))
        body = mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_BODY, model.geom_bodyid[geom])
        root = mujoco.mj_id2name(
            model, mujoco.mjtObj.mjOBJ_BODY, model.body_rootid[model.geom_bodyid[geom]]
        )
        if kind is None or root not in names or model.geom_group[geom] != OBJECT_GROUP:
            continue
        transform = _body_to_object(model, int(model.geom_bodyid[geom]))
        transform = transform @ _pose(model.geom_pos[geom], model.geom_quat[geom])
        role = f"{body}_{geom}"
        size = np.array(model.geom_size[geom], np.float64)
        found.append(Shape(kind, size, transform, first_link + names.index(root), role))
    return found


def _body_to_object(model: Any, body: int) -> NDArray[np.float64]:
    out = np.eye(4)
    while body != model.body_rootid[body]:
        out = _pose(model.body_pos[body], model.body_quat[body]) @ out
        body = int(model.body_parentid[body])
    return out


def _pose(position: NDArray[np.float64], quaternion: NDArray[np.float64]) -> NDArray[np.float64]:
    return transforms(np.concatenate([position, quaternion])[None])[0]
