"""Every row of an export shows the picture, the joints and the labels of its own time."""

import numpy as np
import pytest
from support.recording import COLOUR, JOINTS, TAXELS, sample_value, write_log

from devices.stream import StreamSpec
from recorder.dataset import open_dataset
from recorder.episode import Episode
from recorder.exporters.episode_rows import open_export_episode
from recorder.exporters.label_columns import EpisodeLabels
from recorder.exporters.plan import ExportError, ExportPlan
from recorder.finalise import finalise_log
from recorder.review.state import Contact, Interval, LabelState, Phase, Recovery
from recorder.synthetic import frame_number

MS = 1_000_000
NOBODY = EpisodeLabels()


@pytest.fixture
def opened(plan, takes):
    def open_rows(number=0, labels=NOBODY, **choices):
        return open_export_episode(plan(**choices), takes.episode_path(number), labels)

    return open_rows


def test_every_row_shows_the_picture_of_its_time_and_lost_ones_are_repeated_and_marked(opened):
    with opened() as rows:
        camera = rows.cameras[0]
        shown = [frame_number(picture) for picture in rows.frames(camera)]
        lost = np.flatnonzero(~camera.valid)
    assert lost.tolist() == [7, 8, 20]
    expected = list(range(len(shown)))
    expected[7], expected[8] = 6, 9
    assert shown[20] in (19, 21)  # equally near
    expected[20] = shown[20]
    assert shown == expected


def test_a_slower_export_keeps_pictures_and_joints_together(opened, takes):
    with opened(1, rate_hz=10) as rows:
        shown = [frame_number(picture) for picture in rows.frames(rows.cameras[0])]
        stamps = rows.cameras[0].stamp_ns
    assert shown == [3 * row for row in range(len(shown))]
    with Episode(takes.episode_path(1)) as episode:
        recorded = episode.stream("front/rgb").stamp_ns
    assert stamps.tolist() == recorded[::3][: len(stamps)].tolist()


def test_state_is_the_measured_pose_of_all_hands(opened, takes):
    with opened(1) as rows, Episode(takes.episode_path(1)) as episode:
        state = rows.columns["observation.state"]
        measured = episode.stream("right/joints_measured")
        at = 3 * 20  # 200 Hz joints: row 9 at 30 Hz is exactly sample 60
        assert state.names == measured.spec.labels
        np.testing.assert_allclose(state.data[9], measured.frame(at))
        assert state.unit == "rad|m"


def test_taxels_are_recorded_values_and_say_their_shape(opened, takes):
    with opened(1) as rows, Episode(takes.episode_path(1)) as episode:
        taxels = rows.columns["observation.taxels.right"]
        recorded = episode.stream("right/taxels").rows(slice(None))
        assert taxels.shape == (5, 120, 3)
        assert len(taxels.names) == 1800
        assert taxels.names[-1] == "right_pinky_119_z"
        for row in taxels.data:
            assert (recorded.reshape(len(recorded), -1) == row).all(axis=1).any()


def test_kinesthetic_action_is_the_next_pose_and_the_next_normal_forces(opened):
    with opened(1) as rows:
        state = rows.columns["observation.state"].data
        force = rows.columns["observation.force.right"].data.reshape(-1, 5, 3)
        joints = state.shape[1]
        assert rows.action_definition == "next_measured_with_force"
        np.testing.assert_allclose(rows.action.data[:-1, :joints], state[1:])
        np.testing.assert_allclose(rows.action.data[:-1, joints:], force[1:, :, 2])
        assert rows.action.names[-1] == "right_pinky_normal_force"
        assert not rows.action.valid[-1]  # nothing was recorded after the last row
        assert "sent" in rows.columns


def test_the_sent_joints_are_the_action_when_asked_for(opened, takes):
    with opened(1, action="sent") as rows, Episode(takes.episode_path(1)) as episode:
        sent = episode.stream("right/joints_sent")
        np.testing.assert_allclose(rows.action.data[9], sent.frame(60))
        assert "sent" not in rows.columns


def test_trimmed_rows_count_from_the_trimmed_start_and_end_before_its_stop(opened):
    trim = Interval(start_ns=500 * MS, stop_ns=1_000 * MS)
    labels = EpisodeLabels(LabelState(trim=trim))
    with opened(1, labels) as rows:
        assert rows.length == 15
        assert frame_number(next(rows.frames(rows.cameras[0]))) == 15
        assert rows.action.valid[-1]  # the pose after the last row was recorded
    with opened(1, labels, trim=False) as rows:
        assert frame_number(next(rows.frames(rows.cameras[0]))) == 0


def test_labels_hold_from_their_start_until_before_their_stop(opened):
    state = LabelState(
        phases={
            "a": Phase(label="reach", start_ns=0, stop_ns=500 * MS),
            "b": Phase(label="grasp", start_ns=500 * MS, stop_ns=800 * MS),
        },
        contacts={"c": Contact(finger="right_thumb", start_ns=600 * MS)},
        recoveries={
            "d": Recovery(
                failure=Interval(start_ns=0, stop_ns=100 * MS),
                recovery=Interval(start_ns=100 * MS, stop_ns=200 * MS),
            )
        },
    )
    with opened(1, EpisodeLabels(state)) as rows:
        phase = rows.columns["label.phase"].data[:, 0]
        touch = rows.columns["label.contact"]
        thumb = touch.data[:, touch.names.index("right_thumb")]
        assert [rows.phases[n] for n in (phase[14], phase[15])] == ["reach", "grasp"]
        assert phase[23] == 1
        assert phase[24] == -1
        assert not thumb[17]
        assert thumb[18:].all()
        assert np.flatnonzero(rows.columns["label.failure"].data[:, 0]).tolist() == [0, 1, 2]
        assert np.flatnonzero(rows.columns["label.recovery"].data[:, 0]).tolist() == [3, 4, 5]


def test_smaller_pictures_have_the_asked_size(opened):
    with opened(image_size=(64, 48)) as rows:
        assert next(rows.frames(rows.cameras[0])).shape == (48, 64, 3)


def test_hidden_people_leave_no_code_no_reviewer_and_no_note(opened):
    labels = EpisodeLabels(LabelState(note="Ann did it"), "success", "reviewers", ("ann",))
    with opened(labels=labels, hide_people=True) as rows:
        assert rows.operator_code == ""
        assert rows.reviewers == ()
        assert rows.labels.note is None
        assert rows.outcome == "success"


def test_numbers_are_never_missing(opened):
    with opened() as rows:
        for column in (*rows.columns.values(), rows.action):
            assert np.isfinite(column.data).all()
            assert len(column.data) == len(column.valid) == len(column.stamp_ns) == rows.length
            assert len(column.names) == column.data.shape[1]


def test_an_unknown_camera_is_refused_with_those_there_are(opened):
    with pytest.raises(ExportError, match="no colour camera 'left/rgb'; it has front/rgb"):
        opened(cameras=("left/rgb",)).__enter__()


def test_a_trim_that_leaves_nothing_is_refused(opened):
    labels = EpisodeLabels(LabelState(trim=Interval(start_ns=0, stop_ns=MS)))
    with pytest.raises(ExportError, match="1 rows at 30 Hz are left"):
        opened(1, labels).__enter__()


CONTROL = StreamSpec(
    name="supervisor/control",
    kind="control",
    dtype="<i4",
    shape=(3,),
    rate_hz=200.0,
    labels=("state", "authority", "epoch"),
)


@pytest.fixture
def bare_take(tmp_path):
    """A hand without fingertip forces and without sent joints."""

    def write(source):
        dataset = open_dataset(tmp_path / "bare", create=True)
        rig = {"name": "small", "hands": [{"side": "right", "model": "small"}]}
        streams = (JOINTS, TAXELS, COLOUR, CONTROL)
        log = write_log(dataset, streams=streams, rig=rig, source=source)
        return dataset, finalise_log(dataset, log).path

    return write


def test_normal_forces_come_from_the_taxels_where_there_is_no_force_per_pad(bare_take, tmp_path):
    dataset, path = bare_take("kinesthetic")
    plan = ExportPlan(dataset=dataset.root, out=tmp_path / "out", format="lerobot", rate_hz=100)
    with open_export_episode(plan, path, NOBODY) as rows:
        assert rows.action_definition == "next_measured_with_force"
        assert rows.action.names == ("a", "b", "c", "right_0_normal_force", "right_1_normal_force")
        wanted = sample_value(TAXELS, 11)[..., 2].sum(axis=1)
        np.testing.assert_allclose(rows.action.data[10, 3:], wanted, rtol=1e-6)


def test_who_moved_the_hand_is_a_column(bare_take, tmp_path):
    dataset, path = bare_take("kinesthetic")
    plan = ExportPlan(dataset=dataset.root, out=tmp_path / "out", format="lerobot", rate_hz=100)
    with open_export_episode(plan, path, NOBODY) as rows:
        control = rows.columns["control"]
        assert control.data[10].tolist() == sample_value(CONTROL, 20).tolist()
        assert control.names[1] == "supervisor_authority"


def test_a_take_in_which_nothing_was_sent_says_so(bare_take, tmp_path):
    dataset, path = bare_take("scripted")
    plan = ExportPlan(dataset=dataset.root, out=tmp_path / "out", format="lerobot")
    with pytest.raises(ExportError, match="exported: no stream 'right/joints_sent'; this episode"):
        open_export_episode(plan, path, NOBODY).__enter__()
