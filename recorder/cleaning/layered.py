"""The layered filler: every hidden pixel from the best source there is, and which one it was.

Robot, object, plate, flow, residue, in this order (``recorder.cleaning.layers.Layer``). A layer
fills what it knows and leaves the rest to the next; the last one guesses and says how much.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.appearance_layer import WARNING, AppearanceRobotLayer
from recorder.cleaning.clip import CleanError, Clip, MaskTrack
from recorder.cleaning.flow_layer import FlowLayer
from recorder.cleaning.holes import Holes, dilated
from recorder.cleaning.layers import RESIDUE_WARNS, Filled, FillFacts, Layer
from recorder.cleaning.leftovers import Leftovers
from recorder.cleaning.likely import Likely
from recorder.cleaning.object_layer import PosedClip, SceneLayer, known_objects
from recorder.cleaning.object_track import ObjectTrack
from recorder.cleaning.parameters import CleanParameters
from recorder.cleaning.plate import Plate
from recorder.cleaning.residue import bounds
from recorder.cleaning.robot_layer import RobotLayer
from recorder.cleaning.views import Views
from recorder.progress import ProgressMeter, Report, quiet

ROBOT_WORK, PLATE_WORK = 2.0, 5.0
ROBOT_MARGIN_PX = 2
STANDING = 0.5  # likelihood above which flow or surroundings answer rather than the plate
APPEARANCE_ONLY = (
    "the robot is told by its appearance only, because the camera's calibration or the joints are "
    "not known; look at the hand in the result"
)


class LayeredFiller:
    """Fills from robot, object, plate, flow and surroundings.

    Parameters
    ----------
    clip : Clip
        Its ``mode``, or that of the parameters, chooses the layers: a plate only for ``static``.
        With ``geometry``, ``joints`` and a ``rig`` attribute the robot is told by kinematics.
    masks : MaskTrack
        Where the operator is, before growth.
    params : CleanParameters
    """

    def __init__(self, clip: Clip, masks: MaskTrack, params: CleanParameters) -> None:
        self.clip, self.params = clip, params
        self.mode = params.mode or clip.mode
        self._masks, self.holes = masks, Holes(clip, masks, params)
        self._robot: RobotLayer | None = None
        self._looks: AppearanceRobotLayer | None = None
        self._plate: Plate | None = None
        self._views: Views | None = None
        self._leftovers: Leftovers | None = None
        self._flow: FlowLayer | None = None
        self._feather_px = min(params.feather_px, params.dilation_px)

    def prepare(self, report: Report = quiet) -> FillFacts:
        """Look through the clip once; may raise ``Cancelled``."""
        meter = ProgressMeter(ROBOT_WORK + PLATE_WORK, report)
        warnings: list[str] = []
        figures: dict[str, float] = {}
        robot_facts = self._prepare_robot(meter)
        warnings += robot_facts.warnings
        figures |= robot_facts.figures
        self._leftovers = Leftovers(self.clip, self._masks, self.holes)
        if self.mode == "static":
            self._plate = Plate(
                self.clip, self.holes, self._unseen, self.params.plate_frames, meter
            )
            self.holes.plate = self._plate.as_recorded()
        self._views = Views(self.clip, self._unseen, self._plate, self.params.flow_reach)
        if self.params.flow_reach:
            self._flow = FlowLayer(self._views, self.clip.count)
        return FillFacts(tuple(warnings), figures)

    def fill(self, index: int) -> Filled:
        """Clean one picture; the same whatever was filled before."""
        image = self.clip.frame(index)
        hole = self.holes(index)
        layers = np.zeros(hole.shape, np.uint8)
        masked = int(np.count_nonzero(hole))
        if not masked:
            return Filled(image.copy(), layers, 0)
        out = image.copy()
        todo = hole.copy()
        if isinstance(self._robot, SceneLayer):  # apart: what they are taken from differs
            objects = self._robot.moved_mask(index)
            made = self._robot.fill(index, image, hole & objects)
            self._take(out, layers, todo, Layer.OBJECT, made.image, made.filled)
            wanted = hole & ~objects & ~self._robot.resting_mask(index)
            made = self._robot.fill(index, image, wanted)
            self._take(out, layers, todo, Layer.ROBOT, made.image, made.filled)
        elif self._robot is not None:
            made = self._robot.fill(index, image, hole)
            self._take(out, layers, todo, Layer.ROBOT, made.image, made.filled)
        if self._everything_posed:
            self._take_plate(index, image, out, layers, todo)
            if np.count_nonzero(todo) > RESIDUE_WARNS * masked:
                self._take_flow(index, out, layers, todo)
            if self._plate is not None and todo.any():
                guessed = self._plate.guess(index, out, todo)
                self._take(out, layers, todo, Layer.RESIDUE, guessed, todo.copy())
        elif todo.any():
            self._take_likely(index, image, out, layers, todo)
        return Filled(feathered(image, out, hole, self._feather_px), layers, masked)

    @property
    def _everything_posed(self) -> bool:
        """Whether all that moves is known by its pose: what is left stands still."""
        return self._plate is not None and isinstance(self._robot, SceneLayer)

    def _take_plate(
        self,
        index: int,
        image: NDArray[np.uint8],
        out: NDArray[np.uint8],
        layers: NDArray[np.uint8],
        todo: NDArray[np.bool_],
    ) -> None:
        if self._plate is not None and todo.any():
            self._take(out, layers, todo, Layer.PLATE, *self._plate.fill(index, image, todo))

    def _take_flow(
        self,
        index: int,
        out: NDArray[np.uint8],
        layers: NDArray[np.uint8],
        todo: NDArray[np.bool_],
    ) -> None:
        """Whatever flow finds."""
        if self._flow is None:
            return
        carried = self._flow.carry(index, todo)
        picture, found = out.copy(), np.zeros_like(todo)
        picture[carried.part] = np.clip(np.rint(carried.colour), 0, 255).astype(np.uint8)
        found[carried.part] = carried.found
        self._take(out, layers, todo, Layer.FLOW, picture, found)

    def _take_likely(
        self,
        index: int,
        image: NDArray[np.uint8],
        out: NDArray[np.uint8],
        layers: NDArray[np.uint8],
        todo: NDArray[np.bool_],
    ) -> None:
        """Plate, flow and a guess, each as far as it is likely to be right."""
        assert self._views is not None
        made = Likely(self._views, self._flow, self._plate).fill(index, image, todo)
        part = made.part
        inside = todo[part]
        cv2.copyTo(made.colour, inside.view(np.uint8), out[part])
        layers[part][inside] = made.layers[inside]
        todo[part] = False
        lost = (layers == Layer.RESIDUE) & hole_of(todo.shape, part, inside)
        if self._looks is not None and np.count_nonzero(lost) > RESIDUE_WARNS * inside.sum():
            self._take_looks(index, image, lost.copy(), out, layers, lost)

    def _take_looks(
        self,
        index: int,
        image: NDArray[np.uint8],
        lost: NDArray[np.bool_],
        out: NDArray[np.uint8],
        layers: NDArray[np.uint8],
        todo: NDArray[np.bool_],
    ) -> None:
        """Foreground of other pictures that look alike."""
        assert self._looks is not None
        lit = None
        if self._plate is not None:
            gain = self._plate.gain(index, image)
            lit = np.clip(np.rint(gain.apply(self._plate.picture)), 0, 255).astype(np.uint8)
        made = self._looks.fill(index, image, lost, lit)
        self._take(out, layers, todo, Layer.ROBOT, made.image, made.filled)

    def _prepare_robot(self, meter: ProgressMeter) -> FillFacts:
        rig = getattr(self.clip, "rig", None)
        if self.clip.geometry is None or not self.clip.joints or rig is None:
            self._looks = AppearanceRobotLayer(self.clip, self.holes, self.params)
            meter.advance(ROBOT_WORK, "robot")
            return FillFacts((WARNING,))
        objects: ObjectTrack | None = getattr(self.clip, "objects", None)
        wanted = self.params.object_layer and objects is not None
        try:
            if wanted and objects is not None and objects.names == known_objects(rig):
                posed = PosedClip(self.clip, objects)
                robot: RobotLayer = SceneLayer(posed, self.holes, self.params, rig)
            else:
                robot = RobotLayer(self.clip, self.holes, self.params, rig)
            facts = robot.prepare(lambda _progress: meter.advance(0.0, "robot"))
        except CleanError as error:
            self._looks = AppearanceRobotLayer(self.clip, self.holes, self.params)
            meter.advance(ROBOT_WORK, "robot")
            return FillFacts((f"{APPEARANCE_ONLY} ({error})",))
        self._robot = robot
        meter.advance(ROBOT_WORK, "robot")
        return facts

    def _unseen(self, index: int) -> NDArray[np.bool_]:
        """What shows no scene: the hole, rests of the operator, the robot where it is known."""
        hole = self.holes(index)
        if self._leftovers is not None:
            hole = hole | self._leftovers(index)
        if self._robot is None:
            return hole
        return hole | dilated(self._robot.silhouette_mask(index), ROBOT_MARGIN_PX)

    @staticmethod
    def _take(
        out: NDArray[np.uint8],
        layers: NDArray[np.uint8],
        todo: NDArray[np.bool_],
        layer: Layer,
        picture: NDArray[np.uint8],
        filled: NDArray[np.bool_],
    ) -> None:
        new = filled & todo
        cv2.copyTo(picture, new.view(np.uint8), out)
        layers[new] = layer
        todo &= ~new


def hole_of(
    shape: tuple[int, ...], part: tuple[slice, slice], inside: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """A box of a mask in the whole picture."""
    whole = np.zeros(shape, np.bool_)
    whole[part] = inside
    return whole


def feathered(
    recorded: NDArray[np.uint8],
    filled: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    width_px: int,
) -> NDArray[np.uint8]:
    """``filled`` with a soft seam: within ``width_px`` inside the hole it fades into ``recorded``.

    Pixels outside the hole are those of ``recorded``, to the bit.
    """
    out = filled.copy()
    if width_px < 1 or not hole.any():
        return out
    top, bottom, left, right = bounds(hole, 1)
    part = (slice(top, bottom), slice(left, right))
    inside = cv2.distanceTransform(hole[part].view(np.uint8), cv2.DIST_L2, 3)
    seam = (inside > 0) & (inside <= width_px)
    weight = (inside[seam] / (width_px + 1))[:, None]
    mixed = weight * filled[part][seam] + (1 - weight) * recorded[part][seam]
    out[part][seam] = np.rint(mixed).astype(np.uint8)
    return out


def residue_warning(share: float) -> str:
    """A sentence when too much was guessed, else empty."""
    if share <= RESIDUE_WARNS:
        return ""
    return (
        f"{100 * share:.1f} % of what was hidden is seen in no other picture and was guessed from "
        f"its surroundings (more than {100 * RESIDUE_WARNS:g} %); look at the result"
    )
