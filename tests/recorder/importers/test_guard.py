"""The process that reads foreign files may die in every way; this one only hears a sentence."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.foreign import data_table, write_robomimic, write_video

from recorder.importers.guard import Guard
from recorder.importers.limits import Limits, Refused
from recorder.importers.messages import HEAD, MAGIC, MessageError, read_message, write_message

MIB = 1 << 20


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "fine.json"
    path.write_text('{"a": [1, 2]}')
    return path


def _pid(guard: Guard) -> int:
    process = guard._process
    assert process is not None
    return process.pid


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_child_that_dies_becomes_a_sentence_and_the_next_question_is_answered(
    number: signal.Signals, document: Path, tmp_path: Path
) -> None:
    stalling = tmp_path / "stalls.json"
    os.mkfifo(stalling)
    with Guard() as guard:
        guard.one("json.read", document)
        child = _pid(guard)

        def kill_while_it_reads() -> None:
            with stalling.open("wb"):  # waits until somebody reads
                os.kill(child, number)

        killer = threading.Thread(target=kill_while_it_reads)
        killer.start()
        with pytest.raises(Refused, match="'stalls.json' ended the process that read it"):
            guard.one("json.read", stalling)
        killer.join()
        assert guard.one("json.read", document).facts["value"] == {"a": [1, 2]}


def test_a_child_that_stalls_is_ended(tmp_path: Path, document: Path) -> None:
    stalling = tmp_path / "stalls.json"
    os.mkfifo(stalling)
    with Guard(Limits(silence_s=1.0)) as guard:
        with pytest.raises(Refused, match=r"'stalls.json': reading took longer than 1 s"):
            guard.one("json.read", stalling)
        assert guard.one("json.read", document).facts["value"] == {"a": [1, 2]}


def test_a_child_that_computes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "brackets.json"
    path.write_bytes(b"[" + b"[]," * (5 * MIB // 2) + b"[]]")
    with (
        Guard(Limits(cpu_s=1)) as guard,
        pytest.raises(Refused, match="more than 1 s of processor time"),
    ):
        list(guard.ask("json.check", path))


def test_a_child_that_needs_too_much_memory_is_ended(tmp_path: Path) -> None:
    path = write_robomimic(tmp_path / "a.hdf5", [2])
    header = struct.pack(">IIBBBBB", 11_000, 11_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(11_000 * 33_001), 1)), (b"IEND", b"")]
    picture = tmp_path / "large.png"
    picture.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in parts
        )
    )
    limits = Limits(address_space_bytes=700 * MIB, picture_pixels=11_000 * 11_000)
    with Guard(limits) as guard:
        with pytest.raises(Refused, match="memory|cannot be decoded|ended the process"):
            guard.one("image.check", picture)
        assert guard.one("hdf5.check", path).facts["objects"] > 5


def test_honest_files_of_every_kind_pass(tmp_path: Path, document: Path) -> None:
    video, table = tmp_path / "a.mp4", tmp_path / "a.parquet"
    write_video(video, list(range(5)))
    pq.write_table(data_table([3, 2]), table)
    with Guard() as guard:
        assert guard.one("video.check", video).facts["frames"] == 5
        assert guard.one("parquet.check", table).facts["rows"] == 5
        assert guard.one("json.check", document).facts == {}


def test_a_mutated_file_is_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    sources = {
        "hdf5": write_robomimic(tmp_path / "a.hdf5", [3]),
        "video": tmp_path / "a.mp4",
        "parquet": tmp_path / "a.parquet",
    }
    write_video(sources["video"], list(range(5)))
    pq.write_table(data_table([3, 2]), sources["parquet"])
    random = np.random.default_rng(20261120)
    mutated = tmp_path / "mutated"
    answers = {"read": 0, "refused": 0}
    with Guard(Limits(silence_s=20.0)) as guard:
        for kind, path in sources.items():
            whole = path.read_bytes()
            for _ in range(40):
                data = bytearray(whole)
                for at in random.integers(0, len(data), 4):
                    data[at] = random.integers(0, 256)
                mutated.write_bytes(bytes(data))
                try:
                    guard.one(f"{kind}.check", mutated)
                    answers["read"] += 1
                except Refused:
                    answers["refused"] += 1
    assert sum(answers.values()) == 120
    assert answers["refused"] > 10


CONFINED = """
import os, socket, subprocess, sys
from pathlib import Path
from recorder.importers.confinement import confine
from recorder.importers.limits import Limits
inside, outside = Path(sys.argv[1]), Path(sys.argv[2])
confine(Limits(), inside)
(inside / "made").write_text("x")
for act in (
    lambda: (outside / "made").write_text("x"),
    lambda: os.open(outside / "made", os.O_WRONLY | os.O_CREAT),
    lambda: os.remove(outside / "there"),
    lambda: os.symlink("/etc", inside / "link"),
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: socket.create_connection(("127.0.0.1", 9)),
):
    try:
        act()
    except PermissionError:
        continue
    sys.exit("not refused")
"""


def test_a_confined_process_writes_nowhere_else_and_starts_nothing(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "there").touch()
    done = subprocess.run(
        [sys.executable, "-c", CONFINED, str(inside), str(outside)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    assert (inside / "made").exists()
    assert [path.name for path in outside.iterdir()] == ["there"]


def test_the_child_has_no_plugins_no_home_and_its_limits(tmp_path: Path, document: Path) -> None:
    with Guard(Limits(open_files=77)) as guard:
        guard.one("json.read", document)
        there = Path(f"/proc/{_pid(guard)}")
        environment = dict(
            line.split("=", 1) for line in (there / "environ").read_text().split("\0") if line
        )
        assert environment["HDF5_PLUGIN_PRELOAD"] == "::"
        assert environment["HDF5_PLUGIN_PATH"] == ""
        assert environment["HOME"] == os.readlink(there / "cwd")
        limits = (there / "limits").read_text()
        assert "Max open files            77" in limits
        assert "Max core file size        0" in limits
    assert not Path(environment["HOME"]).exists()


class _Pipe:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, count: int) -> bytes:
        part, self._data = self._data[:count], self._data[count:]
        return part


@pytest.mark.parametrize(
    ("body", "payload", "said"),
    [
        ({"arrays": [{"dtype": "|O", "shape": [1]}]}, bytes(8), 8),
        ({"arrays": [{"dtype": "<f8", "shape": [1 << 40]}]}, bytes(8), 8),
        ({"arrays": [{"dtype": "<f8", "shape": [-1]}]}, bytes(8), 8),
        ({"arrays": {}}, b"", 0),
        ({"arrays": []}, b"", 1 << 50),
    ],
)
def test_an_answer_that_lies_is_not_believed(body: dict, payload: bytes, said: int) -> None:
    text = json.dumps(body).encode()
    pipe = _Pipe(HEAD.pack(MAGIC, len(text), said) + text + payload)
    with pytest.raises(MessageError):
        read_message(pipe, MIB)  # type: ignore[arg-type]


def test_arrays_cross_the_pipe_unchanged(tmp_path: Path) -> None:
    arrays = [np.arange(6, dtype=">i4").reshape(2, 3), np.array([True, False]), np.zeros((0, 3))]
    path = tmp_path / "pipe"
    with open(path, "wb") as sink:
        write_message(sink, {"n": 1}, arrays)
    with open(path, "rb") as source:
        message = read_message(source, MIB)
        assert message is not None
        assert read_message(source, MIB) is None
    assert message[0] == {"n": 1}
    for sent, came in zip(arrays, message[1], strict=True):
        assert np.array_equal(sent, came)
