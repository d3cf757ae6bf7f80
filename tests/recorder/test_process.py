"""The recorder process answers to its mailboxes and survives nonsense in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.recording import RecorderProcess, SmallPublishers

from benchmarks.load import load_rig
from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import SetOutcome, StartTake, StopTake
from devices.session_file import SessionFile
from recorder.catalogue import Catalogue
from recorder.dataset import open_dataset
from recorder.episode import Episode

JOINTS = "right/joints_measured"


@pytest.fixture
def session(session_file) -> SessionFile:
    return session_file(load_rig(128, 96))


@pytest.fixture
def bus(session: SessionFile) -> Bus:
    return Bus(session.namespace)


@pytest.fixture
def recorder(session: SessionFile, bus: Bus) -> Iterator[RecorderProcess]:
    running = RecorderProcess(session, bus)
    running.wait("idle", lambda status: status.state == "idle")
    yield running
    running.close()


def test_an_order_that_is_none_is_refused_and_the_next_one_is_obeyed(
    session: SessionFile, bus: Bus, recorder: RecorderProcess
) -> None:
    mailbox = bus.outbox("recorder/control")
    for nonsense in ({"type": "explode"}, {"type": "start"}, {"no": "type"}):
        mailbox.send(nonsense)
    recorder.wait("refusal", lambda status: status.message.startswith("order refused"))
    recorder.order(StartTake(press_ns=now_ns()))
    recorder.wait("recording", lambda status: status.state == "recording")


def test_a_take_ordered_over_the_bus_is_on_disk_with_its_label(
    session: SessionFile, bus: Bus, recorder: RecorderProcess
) -> None:
    publishers = SmallPublishers(bus, session.rig, (JOINTS, "front/rgb", "front/depth"))
    recorder.order(StartTake(press_ns=now_ns(), pre_roll_s=0.0, task="plug", operator_code="P1"))
    number = recorder.wait("recording", lambda status: status.state == "recording").episode
    assert number is not None
    for _ in range(30):
        for name in (JOINTS, "front/rgb", "front/depth"):
            publishers.send(name)
    recorder.wait("30 frames", lambda status: status.written.get("front/rgb") == 30)
    recorder.order(StopTake(press_ns=now_ns(), outcome="failure"))
    recorder.order(SetOutcome(episode=number, outcome="success"))
    status = recorder.wait("published", lambda status: number in status.published)
    publishers.close()
    assert status.last_path.endswith("episode_000000.h5")
    with Episode(status.last_path) as episode:
        assert len(episode.stream("front/rgb")) == 30
        assert episode.outcome == "success"
    (row,) = Catalogue(open_dataset(session.dataset_dir)).rows()
    assert (row.task, row.operator_code, row.outcome) == ("plug", "P1", "success")
