"""The 3-D view: pixels of hand and ghost, and pulling fingers with the mouse."""

import gc

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from devices.hands.spec import load_hand
from devices.kinematics import HandKinematics
from devices.rig import load_rig
from widgets.gl_stage import GLStage, GLUnavailable
from widgets.hand_view import HandView
from widgets.scene_objects import object_shapes

pytestmark = pytest.mark.gl
WIDTH, HEIGHT = 480, 400


def _hand(model="xhand", side="right", x=0.0):
    return HandKinematics(load_hand(model, side, "free6"), (x, 0.0, 0.35))


@pytest.fixture
def view(shown):
    return shown(HandView([_hand()]), WIDTH, HEIGHT)


def _at(view, point):
    x, y = view.camera.project(point, view.width(), view.height())[0]
    return QPoint(round(x), round(y))


def _colour(view, place):
    return view.grab().toImage().pixelColor(place)


def _palm(view):
    """A visible point of the hand, where a ray through the palm's middle meets it."""
    middle = view.scene.poses[0][-1]
    place = _at(view, middle[:3, :3] @ np.array([-0.004, 0.0, 0.056]) + middle[:3, 3])
    return place, view.pick(QPointF(place))


def _moved_far(view):
    """Joints with the wrist 15 cm to the side."""
    q = view.scene.hands[0].spec.home.copy()
    q[0] += 0.15
    return q


def test_hand_is_painted_where_it_is_and_not_beside_it(view, sample):
    view.show_measured(0, sample(view.scene.hands[0].spec.home))
    place, picked = _palm(view)
    assert picked is not None
    assert _colour(view, place).lightness() > 90
    assert view.pick(QPointF(8, 200)) is None
    assert _colour(view, QPoint(8, 200)).lightness() < 60


def test_measured_hand_is_solid_and_the_sent_pose_a_tinted_ghost(view, sample):
    home = view.scene.hands[0].spec.home
    view.show_measured(0, sample(_moved_far(view)))
    view.show_sent(0, sample(_moved_far(view)))
    view.camera.target_m = np.array([0.07, 0.0, 0.4])
    view.camera.distance_m = 0.8
    ghost_pose = view.scene.hands[0].link_poses(home)[-1]
    ghost_place = _at(view, ghost_pose[:3, :3] @ np.array([-0.004, 0, 0.056]) + ghost_pose[:3, 3])
    place, _ = _palm(view)
    empty = _colour(view, ghost_place)
    solid = _colour(view, place)
    view.show_sent(0, sample(home))
    ghost = _colour(view, ghost_place)
    assert ghost.blue() > empty.blue() + 15  # something is there now ...
    assert ghost.blue() > ghost.red() + 15  # ... in the accent colour ...
    assert ghost.lightness() < solid.lightness()  # ... and see-through
    assert abs(solid.red() - solid.blue()) < 40
    assert _colour(view, place).lightness() == pytest.approx(solid.lightness(), abs=12)


def test_ghost_is_not_drawn_when_the_hand_is_where_it_was_sent(view, sample):
    home = view.scene.hands[0].spec.home
    view.show_measured(0, sample(home))
    view.show_sent(0, sample(home + 0.002))
    assert not view.scene.ghost_shows
    view.show_sent(0, sample(home + 0.1))
    assert view.scene.ghost_shows


def _look_at_pad(view, finger):
    """Stand in front of a pad; its place on the screen."""
    spec = view.scene.hands[0].spec
    pad = view.scene.hands[0].pad_poses(view.scene.measured[0])[finger]
    outward = pad[:3, 2]
    view.camera.target_m = pad[:3, 3].copy()
    view.camera.distance_m = 0.2
    view.camera.azimuth_rad = float(np.arctan2(outward[0], -outward[1]))
    view.camera.elevation_rad = float(np.arcsin(np.clip(outward[2], -1, 1)))
    assert spec.pads[finger].kind
    return _at(view, pad[:3, 3] + 0.0006 * outward)


def test_loaded_taxels_light_up_on_the_pad(view, sample):
    q = view.scene.hands[0].spec.home
    view.show_measured(0, sample(q))
    place = _look_at_pad(view, 1)
    forces = np.zeros((5, 120, 3), np.float32)
    view.show_taxels(0, sample(forces))
    dark = _colour(view, place).lightness()
    forces[1, :, 2] = 1.0
    view.show_taxels(0, sample(forces))
    assert dark < 90
    assert _colour(view, place).lightness() > dark + 80


def test_force_arrow_grows_out_of_the_pad(view, sample):
    view.show_measured(0, sample(view.scene.hands[0].spec.home))
    _look_at_pad(view, 1)
    view.camera.azimuth_rad += np.pi / 2
    view.camera.elevation_rad = 0.0
    pad = view.scene.hands[0].pad_poses(view.scene.measured[0])[1]
    place = _at(view, pad[:3, 3] + 0.03 * pad[:3, 2])
    forces = np.zeros((5, 3), np.float32)
    view.show_forces(0, sample(forces))
    before = _colour(view, place)
    forces[1] = (0.0, 0.0, 3.0)
    view.show_forces(0, sample(forces))
    after = _colour(view, place)
    assert after.red() > before.red() + 60
    assert after.red() > after.blue() + 40


def _arrow_m(scene, finger):
    place = scene._arrow_slices[0][finger]
    return float(np.ptp(scene.solid["a_position"][place], axis=0).max())


def test_noise_of_the_taxels_draws_no_arrow(view, sample):
    noise = np.random.default_rng(3).standard_normal((200, 5, 120, 3)) * 0.002
    for forces in noise.sum(axis=2):
        view.scene.set_forces(0, forces)
        assert max(_arrow_m(view.scene, finger) for finger in range(5)) == 0.0
    view.scene.set_forces(0, np.array([[0, 0, 0.2]] * 5))
    assert min(_arrow_m(view.scene, finger) for finger in range(5)) > 0.005


def test_objects_are_drawn_where_the_world_says(shown, sample):
    view = shown(HandView([_hand()], object_shapes(("cube", "ball"))), WIDTH, HEIGHT)
    poses = np.array([[0.12, -0.1, 0.3, 1, 0, 0, 0], [5, 5, 5, 1, 0, 0, 0]], float)
    place = _at(view, poses[0, :3])
    before = _colour(view, place)
    view.show_objects(sample(poses))
    after = _colour(view, place)
    assert after.red() > before.red() + 60  # the cube is orange
    assert after.red() > after.blue() + 40


def test_dragging_a_link_pulls_it_to_the_point_under_the_mouse(view, sample, qtbot):
    view.show_measured(0, sample(view.scene.hands[0].spec.home))
    tip = view.scene.hands[0].tip_positions(view.scene.measured[0])[1]
    picked = None
    for lift in np.linspace(0, 0.02, 9):
        place = _at(view, tip - np.array([0.0, 0.0, lift]))
        picked = view.pick(QPointF(place))
        if picked is not None:
            break
    assert picked is not None
    started, moved, released = [], [], []
    view.pull_started.connect(lambda *a: started.append(a))
    view.pull_moved.connect(moved.append)
    view.pull_released.connect(lambda: released.append(1))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
    hand, link, local = started[0]
    assert (hand, link) == picked[:2]
    assert view.scene.hands[0].spec.model.links[link].finger == "index"
    assert np.allclose(view.scene.world_point(hand, link, local), picked[3])
    goal = place + QPoint(60, -30)
    QTest.mouseMove(view, goal)
    qtbot.waitUntil(lambda: bool(moved))
    x, y = view.camera.project(moved[-1], view.width(), view.height())[0]
    assert (round(x), round(y)) == (goal.x(), goal.y())
    facing = view.camera.axes[2]
    assert (moved[-1] - picked[3]) @ facing == pytest.approx(0.0, abs=1e-9)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=goal)
    assert released == [1]


def test_pull_is_drawn_as_a_line_with_its_force_and_vanishes(view, sample, qtbot):
    view.show_measured(0, sample(view.scene.hands[0].spec.home))
    place, _ = _palm(view)
    side = place + QPoint(130, 0)
    half = place + QPoint(100, 0)
    before = _colour(view, side)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(view, side)
    qtbot.waitUntil(lambda: bool(view._labels))
    assert _colour(view, side).lightness() > before.lightness() + 40
    image = view.grab().toImage()
    column = [image.pixelColor(half.x(), half.y() + dy).lightness() for dy in range(-4, 5)]
    assert max(column) > 90
    target_m, stretch_m = view._labels[8]
    point_m = view.scene.world_point(*view._drag)
    assert stretch_m == pytest.approx(np.linalg.norm(target_m - point_m))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=side)
    assert view._labels == {}
    assert _colour(view, side).lightness() == pytest.approx(before.lightness(), abs=8)


def test_shift_release_pins_and_a_click_on_the_pin_releases_it(view, sample, qtbot):
    view.show_measured(0, sample(view.scene.hands[0].spec.home))
    place, picked = _palm(view)
    goal = place + QPoint(110, -20)
    pinned, released, pins, pulls = [], [], [], []
    view.pull_pinned.connect(pinned.append)
    view.pull_released.connect(lambda: released.append(1))
    view.pin_released.connect(pins.append)
    view.pull_started.connect(lambda *a: pulls.append(a))
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mousePress(view, Qt.MouseButton.LeftButton, shift, place)
    QTest.mouseMove(view, goal)
    qtbot.waitUntil(lambda: bool(view._labels))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, shift, goal)
    assert len(pinned) == 1
    assert released == []
    rows = np.zeros((8, 12))
    rows[3] = (1, 1, picked[0], picked[1], *picked[2], *pinned[0], 0, 0)
    view.show_pulls(sample(rows))
    assert _colour(view, goal).lightness() > 60
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=goal)
    assert pins == [3]
    assert len(pulls) == 1  # the click on the pin started no other pull


def test_palm_is_pulled_as_link_minus_one(view, sample):
    view.show_measured(0, sample(view.scene.hands[0].spec.home))
    _, picked = _palm(view)
    assert picked[1] == -1 or picked[1] in range(len(view.scene.hands[0].link_names) - 1)
    cuff = view.scene.poses[0][-1]
    place = _at(view, cuff[:3, :3] @ np.array([-0.002, 0.0, -0.035]) + cuff[:3, 3])
    assert view.pick(QPointF(place))[1] == -1


def test_second_hand_is_picked_by_its_own_index(shown):
    view = shown(HandView([_hand(x=0.18), _hand(side="left", x=-0.18)]), 640, 400)
    for index in (0, 1):
        palm = view.scene.poses[index][-1]
        place = _at(view, palm[:3, :3] @ np.array([0.0, 0.0, 0.05]) + palm[:3, 3])
        assert view.pick(QPointF(place))[0] == index


def test_dragging_empty_space_orbits_and_double_click_resets(view, qtbot):
    before = view.camera.azimuth_rad
    pulls = []
    view.pull_started.connect(lambda *a: pulls.append(a))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(10, 200))
    QTest.mouseMove(view, QPoint(70, 220))
    qtbot.waitUntil(lambda: view.camera.azimuth_rad != before)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(70, 220))
    assert pulls == []
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(10, 380))
    assert view.camera.azimuth_rad == before


def test_links_cannot_be_pulled_when_pulling_makes_no_sense(view, sample):
    view.can_pull = False
    pulls = []
    view.pull_started.connect(lambda *a: pulls.append(a))
    place, _ = _palm(view)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place)
    assert pulls == []


def test_silent_joints_are_called_stale_across_the_view(view, sample):
    home = view.scene.hands[0].spec.home
    view.show_measured(0, sample(home))
    fresh = view.grab().toImage()
    view.show_measured(0, sample(home, age_s=2.0, seq=50))
    stale = view.grab().toImage()
    red = [
        sum(i.pixelColor(x, y).red() > i.pixelColor(x, y).blue() + 80
            for x in range(WIDTH // 2 - 50, WIDTH // 2 + 50)
            for y in range(HEIGHT // 2 - 14, HEIGHT // 2 + 14))
        for i in (fresh, stale)
    ]  # fmt: skip
    assert red[1] > red[0] + 100


def test_paint_latency_is_kept_per_new_sample(view, sample, qtbot):
    view.show_measured(0, sample(view.scene.hands[0].spec.home))
    qtbot.waitUntil(lambda: len(view.painted_latency_ms) == 1)
    view.repaint()
    assert len(view.painted_latency_ms) == 1


def _hard_edges(view):
    """Number of neighbouring pixels that differ by more than a quarter of the range."""
    image = view._picture
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return int((np.abs(np.diff(rows[..., 1].astype(int), axis=1)) > 64).sum())


def test_edges_are_smoothed_when_nothing_moves(view, sample, qtbot):
    q = view.scene.hands[0].spec.home.copy()
    for _ in range(3):
        q[6] += 0.05
        view.show_measured(0, sample(q))
        view.repaint()
    assert not view._is_fine
    coarse = _hard_edges(view)
    qtbot.waitUntil(lambda: view._is_fine)
    assert _hard_edges(view) < 0.6 * coarse
    q[6] -= 0.05
    view.show_measured(0, sample(q))
    view.repaint()
    assert not view._is_fine


def test_without_opengl_the_view_says_so_and_nothing_breaks(shown, sample, monkeypatch, caplog):
    def refuse(*_):
        raise GLUnavailable("no OpenGL here")

    monkeypatch.setattr("widgets.hand_view.GLStage", refuse)
    view = shown(HandView([_hand()]), WIDTH, HEIGHT)
    view.show_measured(0, sample(view.scene.hands[0].spec.home))
    image = view.grab().toImage()
    bright = sum(
        image.pixelColor(x, y).lightness() > 180 for x in range(60, 420) for y in range(170, 230)
    )
    assert bright > 60
    assert "no OpenGL here" in caplog.text


def test_failing_graphics_driver_leaves_a_sentence_and_not_a_crash(
    shown, sample, monkeypatch, caplog
):
    def fail(*_, **__):
        raise RuntimeError("Shader compilation error\nline 3")

    monkeypatch.setattr(GLStage, "render", fail)
    view = shown(HandView([_hand()]), WIDTH, HEIGHT)
    view.grab()
    assert "OpenGL failed: Shader compilation error" in caplog.text
    view.show_measured(0, sample(view.scene.hands[0].spec.home))
    assert not view.grab().isNull()
    assert caplog.text.count("OpenGL failed") == 1


@pytest.mark.parametrize("rig", ["sim-xhand", "sim-leap", "sim-allegro", "sim-bimanual"])
def test_every_rig_can_be_drawn(shown, sample, rig):
    config = load_rig(rig)
    hands = [HandKinematics(h.spec, h.base_pos_m, h.base_rpy_rad) for h in config.hands]
    view = shown(HandView(hands, object_shapes(config.world.objects)), 400, 300)
    for index, hand in enumerate(hands):
        view.show_forces(index, sample(np.full((len(hand.spec.pads), 3), 0.5)))
        vertices = view.scene.solid["a_position"]
        assert np.isfinite(vertices).all()
        palm = view.scene.poses[index][-1]
        place = _at(view, palm[:3, :3] @ np.array([0.0, 0.0, 0.04]) + palm[:3, 3])
        assert _colour(view, place).lightness() > 40


def test_stage_names_its_renderer(qapp):
    stage = GLStage((0, 0, 0), (0.1, 0.1, 0.1), (0.2, 0.2, 0.2))
    assert stage.renderer
    stage.close()
    stage.close()


def test_views_come_and_go_without_a_trace(shown, sample, qtbot):
    for _ in range(6):
        view = HandView([_hand()])
        view.resize(300, 240)
        view.show()
        qtbot.waitExposed(view)
        view.show_measured(0, sample(view.scene.hands[0].spec.home))
        assert not view.grab().isNull()
        stage = view._stage
        view.close()
        view.deleteLater()
        qtbot.waitUntil(lambda stage=stage: stage.closed)
        del view, stage
        gc.collect()
