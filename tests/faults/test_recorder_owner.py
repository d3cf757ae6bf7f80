"""The window dies, is asked to leave, or shares its dataset: every take is published."""

from __future__ import annotations

import signal
import subprocess
import sys

from support.recording import RecorderProcess, SmallPublishers, end_process
from support.waiting import wait_until

from benchmarks.load import load_rig
from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import StartTake, StopTake
from recorder.catalogue import Catalogue
from recorder.dataset import open_dataset
from recorder.episode import Episode

JOINTS = "right/joints_measured"


def begin_take(recorder: RecorderProcess, publishers: SmallPublishers) -> int:
    recorder.wait("idle", lambda status: status.state == "idle")
    recorder.order(StartTake(press_ns=now_ns(), pre_roll_s=0.0))
    recorder.wait("recording", lambda status: status.state == "recording")
    for _ in range(20):
        publishers.send(JOINTS)
    status = recorder.wait("20 written", lambda status: status.written.get(JOINTS) == 20)
    assert status.episode is not None
    return status.episode


def test_the_take_is_published_when_the_window_is_killed_in_the_middle(session_file) -> None:
    window = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=-1)
    session = session_file(load_rig(128, 96), parent_pid=window.pid)
    bus = Bus(session.namespace)
    publishers = SmallPublishers(bus, session.rig, (JOINTS,))
    recorder = RecorderProcess(session, bus)
    try:
        number = begin_take(recorder, publishers)
        window.kill()
        window.wait(timeout=10)
        assert recorder.process.wait(timeout=40) == 0
    finally:
        end_process(window)
        assert window.stdin is not None
        window.stdin.close()
        recorder.close()
        publishers.close()
    with Episode(session.dataset_dir / "episodes" / f"episode_{number:06d}.h5") as episode:
        assert episode.stream(JOINTS).seq.tolist() == list(range(20))
        assert episode.attributes["end_reason"] == "owner gone"


def test_a_terminated_recorder_publishes_before_it_leaves(session_file) -> None:
    session = session_file(load_rig(128, 96))
    bus = Bus(session.namespace)
    publishers = SmallPublishers(bus, session.rig, (JOINTS,))
    recorder = RecorderProcess(session, bus)
    try:
        number = begin_take(recorder, publishers)
        recorder.process.send_signal(signal.SIGTERM)
        assert recorder.process.wait(timeout=40) == 0
        assert recorder.status is not None
        assert recorder.status.published == (number,)
    finally:
        recorder.close()
        publishers.close()


def test_two_recorders_on_one_dataset_never_share_a_number(session_file, namespace) -> None:
    first = session_file(load_rig(128, 96))
    second = first.model_copy(
        update={"namespace": f"{namespace}-b", "runtime_dir": first.runtime_dir / "b"}
    )
    second.write()
    pairs = []
    for session in (first, second):
        bus = Bus(session.namespace)
        publishers = SmallPublishers(bus, session.rig, (JOINTS,))
        pairs.append((RecorderProcess(session, bus), publishers))
    try:
        numbers = [begin_take(*pair) for pair in pairs]
        for recorder, _ in pairs:
            recorder.order(StopTake(press_ns=now_ns()))
        for (recorder, _), number in zip(pairs, numbers, strict=True):
            recorder.wait("published", lambda status, n=number: n in status.published)
    finally:
        for recorder, publishers in pairs:
            recorder.close()
            publishers.close()
    assert sorted(numbers) == [0, 1]
    rows = Catalogue(open_dataset(first.dataset_dir)).rows()
    assert [(row.number, row.samples) for row in rows] == [(0, 20), (1, 20)]


def test_a_recorder_on_a_dataset_of_another_schema_leaves_with_one_sentence(session_file) -> None:
    session = session_file(load_rig(128, 96))
    session.dataset_dir.mkdir()
    (session.dataset_dir / "dataset.json").write_text('{"schema": "other/9", "uuid": "x"}')
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "recorder.process",
            "--session",
            str(session.runtime_dir / "session.json"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().startswith("recorder: dataset ")
    assert "schema 'other/9'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_recovered_take_of_a_killed_finaliser_is_published_once(session_file) -> None:
    session = session_file(load_rig(128, 96))
    bus = Bus(session.namespace)
    publishers = SmallPublishers(bus, session.rig, (JOINTS,))
    recorder = RecorderProcess(session, bus)
    try:
        number = begin_take(recorder, publishers)
        recorder.order(StopTake(press_ns=now_ns()))
        recorder.wait("finalising", lambda status: status.finalising == (number,))
        recorder.process.kill()
        recorder.process.wait(timeout=10)
        recorder = RecorderProcess(session, bus)
        episodes = session.dataset_dir / "episodes"
        logs = session.dataset_dir / "logs"
        wait_until(lambda: not list(logs.iterdir()), 40.0, "the log is gone")
        assert [path.name for path in episodes.glob("*.h5")] == [f"episode_{number:06d}.h5"]
    finally:
        recorder.close()
        publishers.close()
