"""The hand in 3-D: measured solid, sent as a ghost, forces, touch, objects, and pulling by mouse.

Mouse: drag a link to pull it, Shift-drag to leave it pinned, click a pin to release it; drag empty
space to orbit, turn the wheel to zoom, double-click to reset the view. Without OpenGL the view says
so and the rest of the window works.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from devices.clock import now_ns
from devices.kinematics import HandKinematics
from devices.rig import MAX_PULLS
from devices.stream import Sample, StreamSpec
from widgets.freshness import STALE_AFTER_S, Freshness
from widgets.gl_stage import GLStage, GLUnavailable
from widgets.hand_frame import paint_frame, paint_hint, paint_no_gl, paint_stretch
from widgets.hand_scene import HandScene
from widgets.image_tile import LATENCY_RING
from widgets.orbit_camera import OrbitCamera
from widgets.ray_casting import cast
from widgets.scene_objects import ObjectShape
from widgets.still_picture import StillPicture
from widgets.theme import color

logger = logging.getLogger(__name__)

PIN_REACH_PX = 12.0
DRAG_SLOT = MAX_PULLS
GHOST_ALPHA = 0.6
STILL_MS = 250  # with software GL, edges are smoothed when nothing moved for this long ...
SMOOTH_STEP_MS = 30  # ... one picture every so often
TAXEL_RANGE_N = 1.0


class HandView(QWidget):
    """3-D view of one or two hands.

    Parameters
    ----------
    hands : sequence of HandKinematics
        Hands in the rig's order.
    objects : sequence of ObjectShape
        Shapes of the simulated objects, if any.
    can_pull : bool
        Whether pulling makes sense now; off, a drag on a link orbits.
    stale_after_s : float or None
        Age from which the joints are stale; None for playback, where nothing grows old.
    """

    pull_started = Signal(int, int, object)  # hand, link (-1: palm), (3,) point in the link, m
    pull_moved = Signal(object)  # (3,) target in the world, m
    pull_pinned = Signal(object)  # (3,) target in the world, m: keep this pull
    pull_released = Signal()
    pin_released = Signal(int)  # row of operator/pulls

    def __init__(
        self,
        hands: Sequence[HandKinematics],
        objects: Sequence[ObjectShape] = (),
        can_pull: bool = True,
        stale_after_s: float | None = STALE_AFTER_S,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.scene = HandScene(hands, objects)
        self.can_pull = can_pull
        self.taxel_range_n = TAXEL_RANGE_N
        self.painted_latency_ms: deque[float] = deque(maxlen=LATENCY_RING)
        self._freshness = [Freshness(_joint_stream(hand), stale_after_s) for hand in hands]
        self._newest_ns: int | None = None
        self._taxel_hands: set[int] = set()
        self._seen: dict[str, int] = {}
        self._pulls = np.zeros((MAX_PULLS, 12))
        self._dirty = True
        self._picture: QImage | None = None
        self._stage: GLStage | None = None
        self._is_fine = False
        self._smoothing = StillPicture()
        self._still_timer = QTimer(self)
        self._still_timer.setSingleShot(True)
        self._still_timer.timeout.connect(self._on_still)
        self._no_gl = ""
        self._drag: tuple[int, int, NDArray] | None = None
        self._drag_target: NDArray | None = None
        self._drag_plane: NDArray | None = None
        self._orbit_from: QPointF | None = None
        self._labels: dict[int, tuple[NDArray, float]] = {}
        self.camera = OrbitCamera(np.zeros(3))
        self.reset_view()
        self.setMinimumSize(240, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def reset_view(self) -> None:
        """Look at the hands from the front, near enough to fill the view."""
        distance_m = 0.55 if len(self.scene.hands) == 1 else 0.85
        down_m = 0.0
        if self.scene.has_objects:  # leave room for the table below the hand
            distance_m, down_m = distance_m + 0.08, 0.05
        target_m = self.scene.centre_m() - np.array([0.0, 0.0, down_m])
        azimuth_rad = 0.42 if len(self.scene.hands) == 1 else 0.0
        self.camera = OrbitCamera(target_m, distance_m, azimuth_rad, 0.26)
        self._redraw()

    # ---- what is shown ---------------------------------------------------------------------

    def show_measured(self, hand: int, sample: Sample) -> None:
        """Pose the solid hand."""
        if not self._freshness[hand].note(sample):
            return
        self._newest_ns = sample.stamp_ns
        if np.abs(sample.data - self.scene.measured[hand]).max() > 1e-4:
            self.scene.set_measured(hand, sample.data)
            self._follow_pulls()
            self._dirty = True
        self.update()

    def show_sent(self, hand: int, sample: Sample) -> None:
        """Pose the ghost."""
        sent = self.scene.sent[hand]
        if sent is None or np.abs(sample.data - sent).max() > 1e-4:
            self.scene.set_sent(hand, sample.data)
            self._redraw()

    def show_taxels(self, hand: int, sample: Sample) -> None:
        """Colour the pads by a ``(finger, taxel, xyz)`` sample in newtons."""
        if self._is_new(f"taxels {hand}", sample):
            self._taxel_hands.add(hand)
            self.scene.set_taxels(hand, sample.data, self.taxel_range_n)
            self._redraw()

    def show_forces(self, hand: int, sample: Sample) -> None:
        """Show a ``(finger, xyz)`` sample in newtons, in the pad frames, as arrows."""
        if self._is_new(f"forces {hand}", sample):
            self.scene.set_forces(hand, sample.data, hand not in self._taxel_hands)
            self._redraw()

    def show_objects(self, sample: Sample) -> None:
        """Place the objects by a ``world/objects`` sample."""
        if self._is_new("objects", sample):
            self.scene.set_objects(sample.data)
            self._redraw()

    def show_pulls(self, sample: Sample) -> None:
        """Show the pulls in force, rows of ``operator/pulls``."""
        if self._is_new("pulls", sample):
            changed = not np.array_equal(self._pulls, sample.data)
            self._pulls = np.array(sample.data)
            if changed:
                self._follow_pulls()
                self._redraw()

    def refresh(self, at_ns: int | None = None) -> None:
        """Follow the passing of time; call it a few times a second."""
        at_ns = now_ns() if at_ns is None else at_ns
        if any(f.level(at_ns) != "ok" for f in self._freshness):
            self.update()

    def _is_new(self, what: str, sample: Sample) -> bool:
        if self._seen.get(what) == sample.stamp_ns:
            return False
        self._seen[what] = sample.stamp_ns
        return True

    def _follow_pulls(self) -> None:
        """Let the lines follow the links they hold."""
        self._labels.clear()
        for slot, row in enumerate(self._pulls):
            hand, link = int(row[2]), int(row[3])
            own = self._drag is not None and row[1] < 0.5 and (hand, link) == self._drag[:2]
            if row[0] < 0.5 or own or not 0 <= hand < len(self.scene.hands):
                self.scene.set_pull(slot, None)
                continue
            point = self.scene.world_point(hand, link, row[4:7])
            stretch_m = self.scene.set_pull(slot, point, row[7:10], row[1] > 0.5)
            if row[1] > 0.5:
                self._labels[slot] = (row[7:10].copy(), stretch_m)
        if self._drag is None or self._drag_target is None:
            self.scene.set_pull(DRAG_SLOT, None)
        else:
            point = self.scene.world_point(*self._drag)
            stretch_m = self.scene.set_pull(DRAG_SLOT, point, self._drag_target)
            self._labels[DRAG_SLOT] = (self._drag_target, stretch_m)

    def _redraw(self) -> None:
        self._dirty = True
        self.update()

    # ---- painting --------------------------------------------------------------------------

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        picture = self._render()
        if picture is None:
            paint_no_gl(painter, self.rect(), self._no_gl)
            painter.end()
            return
        painter.drawImage(QPoint(0, 0), picture)
        at_ns = now_ns()
        for target, stretch_m in self._labels.values():
            x, y = self.camera.project(target, self.width(), self.height())[0]
            paint_stretch(painter, QPoint(int(x), int(y) - 18), stretch_m)
        levels = [f.level(at_ns) for f in self._freshness]
        ages = [f.age_s(at_ns) for f in self._freshness]
        names = [f"{h.spec.side} {h.spec.model.name}" for h in self.scene.hands]
        paint_frame(painter, self.rect(), list(zip(names, levels, ages, strict=True)))
        if self.can_pull:
            paint_hint(painter, self.rect())
        painter.end()
        if self._newest_ns is not None:
            self.painted_latency_ms.append((now_ns() - self._newest_ns) / 1e6)
            self._newest_ns = None

    def _render(self) -> QImage | None:
        """The 3-D picture, drawn again only when something changed."""
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        if self._picture is not None and self._picture.size() == size and not self._dirty:
            return self._picture
        stage = self._opened_stage()
        if stage is None:
            return None
        scene = self.scene
        try:
            stage.set_vertices("solid", scene.solid)
            if scene.ghost_shows:
                stage.set_vertices("ghost", scene.ghost)
            self._picture = self._draw(stage, size, not stage.software)
        except RuntimeError as problem:
            self._no_gl = f"OpenGL failed: {str(problem).strip().splitlines()[0]}"
            logger.warning("3-D view: %s", self._no_gl)
            stage.close()
            self._stage = None
            return None
        self._picture.setDevicePixelRatio(ratio)
        self._dirty = False
        self._is_fine = not stage.software
        if stage.software:
            self._smoothing.clear()
            self._still_timer.start(STILL_MS)
        return self._picture

    def _draw(
        self, stage: GLStage, size: QSize, fine: bool, shift_px: tuple[float, float] = (0.0, 0.0)
    ) -> QImage:
        scene = self.scene
        return stage.render(
            size,
            self.camera.view_matrix(),
            self.camera.projection_matrix(self.width(), self.height(), shift_px),
            self.camera.target_m,
            3.0 * self.camera.distance_m,
            GHOST_ALPHA if scene.ghost_shows else 0.0,
            fine,
        )

    def _on_still(self) -> None:
        """Smooth the edges of a picture that stands still, one shifted picture at a time."""
        if self._dirty or self._stage is None or self._picture is None:
            return
        ratio = self._picture.devicePixelRatio()
        shift_px = self._smoothing.next_shift_px
        shifted = self._draw(self._stage, self._picture.size(), False, shift_px)
        smooth = self._smoothing.add(shifted)
        if smooth is None:
            self._still_timer.start(SMOOTH_STEP_MS)
            return
        smooth.setDevicePixelRatio(ratio)
        self._picture = smooth
        self._is_fine = True
        self.update()

    def _opened_stage(self) -> GLStage | None:
        if self._stage is None and not self._no_gl:
            try:
                self._stage = GLStage(_rgb("background"), _rgb("panel"), _rgb("faint"))
            except GLUnavailable as problem:
                self._no_gl = str(problem)
                # The text only: the exception's traceback would keep the painter alive.
                logger.warning("3-D view: %s", self._no_gl)
                return None
            self.destroyed.connect(self._stage.close)
            self._stage.set_triangles("solid", self.scene.solid_triangles)
            self._stage.set_triangles("ghost", self.scene.ghost_triangles)
        return self._stage

    # ---- mouse -----------------------------------------------------------------------------

    def pick(self, position: QPointF) -> tuple[int, int, NDArray, NDArray] | None:
        """Hand, link (-1: palm), point in the link (3,) and in the world (3,) under a pixel."""
        origin, direction = self.camera.ray(position.x(), position.y(), self.width(), self.height())
        best = None
        for index, hand in enumerate(self.scene.hands):
            hit = cast(origin, direction, hand.geoms, self.scene.poses[index])
            if hit is not None and (best is None or hit.distance_m < best[1].distance_m):
                best = (index, hit)
        if best is None:
            return None
        index, hit = best
        palm = hit.link == len(self.scene.hands[index].link_names) - 1
        return index, -1 if palm else hit.link, hit.local_m, hit.point_m

    def pin_at(self, position: QPointF) -> int | None:
        """Row of the pinned pull whose target is under ``position``, or None."""
        rows = np.flatnonzero((self._pulls[:, 0] > 0.5) & (self._pulls[:, 1] > 0.5))
        if rows.size == 0:
            return None
        places = self.camera.project(self._pulls[rows, 7:10], self.width(), self.height())
        away = np.hypot(places[:, 0] - position.x(), places[:, 1] - position.y())
        nearest = int(np.argmin(away))
        return int(rows[nearest]) if away[nearest] <= PIN_REACH_PX else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        position = event.position()
        pin = self.pin_at(position)
        if pin is not None:
            self.pin_released.emit(pin)
            return
        picked = self.pick(position) if self.can_pull else None
        if picked is None:
            self._orbit_from = position
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        hand, link, local, point = picked
        self._drag = (hand, link, local)
        self._drag_plane = point
        self._drag_target = point
        self.pull_started.emit(hand, link, local)
        self._follow_pulls()
        self._redraw()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if self._drag is not None and self._drag_plane is not None:
            self._drag_target = self.camera.on_plane(
                position.x(), position.y(), self.width(), self.height(), self._drag_plane
            )
            self.pull_moved.emit(self._drag_target)
            self._follow_pulls()
            self._redraw()
        elif self._orbit_from is not None:
            moved = position - self._orbit_from
            self._orbit_from = position
            self.camera.orbit(moved.x(), moved.y())
            self._redraw()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._orbit_from = None
        self.unsetCursor()
        if self._drag is None:
            return
        target, self._drag, self._drag_target = self._drag_target, None, None
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pull_pinned.emit(target)
        else:
            self.pull_released.emit()
        self._follow_pulls()
        self._redraw()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.pick(event.position()) is None or not self.can_pull:
            self.reset_view()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.camera.zoom(event.angleDelta().y() / 120.0)
        self._redraw()
        event.accept()


def _rgb(name: str) -> tuple[float, float, float]:
    shade = color(name)
    return shade.redF(), shade.greenF(), shade.blueF()


def _joint_stream(hand: HandKinematics) -> StreamSpec:
    size = hand.spec.size
    return StreamSpec(
        name=f"{hand.spec.side}/joints_measured", kind="joints", dtype="<f8", shape=(size,),
        rate_hz=200.0,
    )  # fmt: skip
