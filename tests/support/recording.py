"""A recorder under test: small rigs, logs with known content, recorder and load processes."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus, Publisher
from devices.clock import NS_PER_S
from devices.messages import RecorderStatus
from devices.rig import Rig
from devices.session_file import SessionFile
from devices.stream import NO_DEVICE_STAMP, StreamSpec
from recorder.dataset import Dataset
from recorder.durability import DurableFile
from recorder.encoding import encode_with_crc
from recorder.finalise import finalise_report
from recorder.log import END_STREAM, LogRecord, LogWriter, encode_record, json_record
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
START_NS = 1_000 * NS_PER_S
PROCESS_S = 40.0

JOINTS = StreamSpec(
    name="right/joints_measured",
    kind="joints",
    dtype="<f8",
    shape=(3,),
    axes=("joint",),
    unit="rad",
    rate_hz=200.0,
    labels=("a", "b", "c"),
    device="right_hand",
)
TAXELS = StreamSpec(
    name="right/taxels",
    kind="taxels",
    dtype="<f4",
    shape=(2, 4, 3),
    axes=("finger", "taxel", "xyz"),
    unit="N",
    rate_hz=100.0,
    frame="pad",
)
COLOUR = StreamSpec(
    name="front/rgb",
    kind="image",
    dtype="u1",
    shape=(48, 64, 3),
    axes=("row", "column", "rgb"),
    rate_hz=30.0,
    encoding="jpeg",
)
DEPTH = StreamSpec(
    name="front/depth",
    kind="depth",
    dtype="<u2",
    shape=(48, 64),
    axes=("row", "column"),
    unit="0.0001 m",
    rate_hz=30.0,
)
MASK = StreamSpec(
    name="front/operator_mask",
    kind="mask",
    dtype="u1",
    shape=(48, 64),
    axes=("row", "column"),
    rate_hz=30.0,
    encoding="png",
)
EVENTS = StreamSpec(
    name="operator/events", kind="event", dtype="u1", shape=(2048,), axes=("byte",), variable=True
)
STREAMS = (JOINTS, TAXELS, COLOUR, DEPTH, MASK, EVENTS)


def sample_value(spec: StreamSpec, seq: int) -> NDArray:
    """A sample of ``spec`` that nobody could mistake for another ``seq``."""
    if spec.variable:
        return np.frombuffer(f'{{"event": "mark", "seq": {seq}}}'.encode(), np.uint8)
    random = np.random.default_rng(seq)
    if spec.kind == "image":
        frame = np.empty(spec.shape, np.uint8)
        frame[...] = random.integers(20, 235, 3)
        return frame
    if spec.kind == "mask":
        return (random.integers(0, 2, spec.shape) * 255).astype(np.uint8)
    if spec.kind == "depth":
        return random.integers(0, 65536, spec.shape).astype(np.uint16)
    return (seq + np.arange(np.prod(spec.shape)).reshape(spec.shape) / 100).astype(spec.dtype)


def header_of(number: int, streams: Iterable[StreamSpec] = STREAMS, **facts) -> dict:
    """A log header with all facts a take has."""
    return {
        "uuid": uuid.uuid4().hex,
        "number": number,
        "redo_of": None,
        "press_ns": START_NS + NS_PER_S // 10,
        "pre_roll_s": 0.1,
        "task": "plug",
        "instruction": "plug the charger",
        "operator_code": "P07",
        "source": "scripted",
        "notes": {},
        "calibration": {},
        "rig": {"name": "small"},
        "rig_name": "small",
        "streams": [spec.model_dump(mode="json") for spec in streams],
        "session": "test",
        "seed": 3,
        "software_version": "0",
        "boot_id": "boot",
        "wall_time": "2026-01-01T00:00:00.000+00:00",
        **facts,
    }


def stamps_ns(spec: StreamSpec, count: int) -> list[int]:
    """Regular stamps of ``count`` samples."""
    period_ns = int(NS_PER_S / (spec.rate_hz or 10.0))
    return [START_NS + at * period_ns for at in range(count)]


def write_log(
    dataset: Dataset,
    number: int = 0,
    seconds: float = 0.5,
    end: bool = True,
    streams: tuple[StreamSpec, ...] = STREAMS,
    skip: dict[str, set[int]] | None = None,
    **facts,
) -> Path:
    """Write the log of a take with ``sample_value`` content and return its path."""
    header = header_of(number, streams, **facts)
    path = dataset.log_path(number, header["uuid"])
    writer = LogWriter(DurableFile(path), header)
    due = sorted(
        (stamp_ns, index, seq)
        for index, spec in enumerate(streams)
        for seq, stamp_ns in enumerate(stamps_ns(spec, int((spec.rate_hz or 10) * seconds)))
        if seq not in (skip or {}).get(spec.name, set())
    )
    for stamp_ns, index, seq in due:
        spec = streams[index]
        stored, crc = encode_with_crc(spec, sample_value(spec, seq))
        device_ns = seq * 1000 if spec is JOINTS else NO_DEVICE_STAMP
        record = LogRecord(index, seq, stamp_ns, stored, device_ns)
        writer.append([encode_record(record, crc)])
    if end:
        facts = {"reason": "stopped", "stamp_ns": due[-1][0], "outcome": "success"}
        writer.append([encode_record(json_record(END_STREAM, facts))])
    writer.close()
    return path


class SmallPublishers:
    """Publishes chosen streams of a rig, in the test's own process."""

    def __init__(self, bus: Bus, rig: Rig, names: tuple[str, ...]) -> None:
        self._ports: dict[str, Publisher] = {
            name: bus.publisher(rig.stream(name)) for name in names
        }

    def send(self, name: str, stamp_ns: int | None = None) -> int:
        """Publish the next ``sample_value`` of a stream; returns its seq."""
        port = self._ports[name]
        return port.send(sample_value(port.spec, port.next_seq), stamp_ns)

    def lose(self, name: str, count: int) -> None:
        """Skip ``count`` sequence numbers: as if the bus had dropped samples."""
        self._ports[name]._seq += count

    def close(self) -> None:
        for port in self._ports.values():
            port.close()


class InlineChild:
    """Finalises in the test's own process, when allowed to: saves a second per take."""

    def __init__(self, root: Path, log_path: Path, allowed: Callable[[], bool]) -> None:
        self._what = root, log_path
        self._allowed = allowed
        self._output = b""
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if not self._allowed():
            return None
        result = finalise_report(*self._what)
        self._output = json.dumps(result).encode()
        self.returncode = 1 if "error" in result else 0
        return self.returncode

    def communicate(self) -> tuple[bytes, bytes]:
        return self._output, b""


class RecorderProcess:
    """``python -m recorder.process`` of a session, with its mailboxes."""

    def __init__(self, session: SessionFile, bus: Bus, *arguments: str) -> None:
        self._orders = bus.outbox("recorder/control")
        self._reports = bus.inbox("recorder/status")
        self.statuses: list[RecorderStatus] = []
        self.process = start_module("recorder.process", session, *arguments)

    @property
    def status(self) -> RecorderStatus | None:
        """The newest status."""
        for raw in self._reports.drain():
            self.statuses.append(RecorderStatus.model_validate(raw))
        return self.statuses[-1] if self.statuses else None

    def order(self, message) -> None:
        """Send one order."""
        self._orders.send(message.model_dump(mode="json"))

    def wait(self, what: str, holds) -> RecorderStatus:
        """Wait for a status that ``holds``."""

        def now_holds() -> RecorderStatus | None:
            seen = len(self.statuses)
            newest = self.status
            for status in [*self.statuses[seen:], newest]:
                if status is not None and holds(status):
                    return status
            return None

        return wait_until(now_holds, PROCESS_S, what)

    def close(self) -> None:
        """End the process, whatever it does."""
        end_process(self.process)


def start_module(module: str, session: SessionFile, *arguments: str) -> subprocess.Popen[bytes]:
    """Start one process of a session."""
    file = session.runtime_dir / "session.json"
    return subprocess.Popen(
        [sys.executable, "-m", module, "--session", str(file), *arguments], cwd=ROOT
    )


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Kill a process started by a test and collect it."""
    if process.poll() is None:
        process.kill()
    process.wait(timeout=10)
