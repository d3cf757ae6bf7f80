"""A recorder killed at any moment loses nothing it had acknowledged, and mixes nothing up."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.recording import RecorderProcess, end_process, start_module
from support.waiting import wait_until

from benchmarks.load import load_rig, load_streams, read_mark
from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import StartTake
from recorder.episode import Episode
from recorder.verify import verify_path

DEFAULT_KILLS = 3
CAMPAIGN_KILLS = 30


def kill_campaign(session_file, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    rig = load_rig(128, 96)
    live = [spec.name for spec in load_streams(rig)]
    session = session_file(rig)
    bus = Bus(session.namespace)
    load = start_module("benchmarks.load", session)
    recorder = RecorderProcess(session, bus)
    try:
        for _ in range(kills):
            recorder.wait(
                "all streams live",
                lambda status: all(0 <= status.ages_s.get(name, -1) < 1 for name in live),
            )
            recorder.order(StartTake(press_ns=now_ns()))
            status = recorder.wait("recording", lambda status: sum(status.written.values()) > 0)
            number = status.episode
            until_ns = now_ns() + int(draw.uniform(0.05, 0.9) * 1e9)
            wait_until(lambda: recorder.status and now_ns() > until_ns, 10.0, "the moment to kill")  # noqa: B023
            recorder.process.kill()
            recorder.process.wait(timeout=10)
            acknowledged = recorder.status
            assert acknowledged is not None
            end_process(recorder.process)

            recorder = RecorderProcess(session, bus)
            recorder.wait("recovery", lambda status: number in status.recovered)  # noqa: B023
            path = session.dataset_dir / "episodes" / f"episode_{number:06d}.h5"
            check_recovered(path, acknowledged.written)
        assert list((session.dataset_dir / "logs").iterdir()) == []
    finally:
        recorder.close()
        end_process(load)


def check_recovered(path: Path, acknowledged: dict[str, int]) -> None:
    critical = [finding for finding in verify_path(path) if finding.level == "critical"]
    assert critical == []
    with Episode(path) as episode:
        assert episode.attributes["lost_samples"] == 0
        for name, count in acknowledged.items():
            stream = episode.stream(name)
            assert len(stream) >= count, f"{name}: {len(stream)} of {count} acknowledged samples"
        for spec in load_streams(load_rig(128, 96)):
            stream = episode.stream(spec.name)
            plain = not spec.is_image or spec.kind == "depth"
            for index, seq in enumerate(stream.seq.tolist()):
                mark = read_mark(spec, stream.frame(index))
                assert mark == (seq % 65536 if plain else seq), f"{spec.name}: wrong frame {index}"
                assert stream.device_stamp_ns[index] == seq * 1_000_000


def test_a_killed_recorder_loses_no_acknowledged_sample_and_shows_no_wrong_frame(
    session_file,
) -> None:
    kill_campaign(session_file, DEFAULT_KILLS, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_thirty_kills_lose_no_acknowledged_sample_and_show_no_wrong_frame(session_file) -> None:
    kill_campaign(session_file, CAMPAIGN_KILLS, seed=2)
