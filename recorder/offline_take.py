"""An episode of a world that runs faster than real time, through the normal log and finaliser.

What a live take is made of (header, log, verified HDF5, catalogue row), without processes and
queues: the samples come one by one from the same program, in order, and none can be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from devices.messages import Outcome, SourceName, StartTake
from devices.rig import Rig
from devices.session_file import SessionFile
from devices.stream import StreamSpec
from recorder.dataset import Dataset
from recorder.durability import DurableFile
from recorder.encoding import encode_with_crc
from recorder.finalise import finalise_log
from recorder.header import take_header
from recorder.log import END_STREAM, LogRecord, LogWriter, encode_record, json_record

SESSION = "in-process"


class OfflineTake:
    """Writes one take. One thread; end it with ``publish`` or ``abandon``.

    Parameters
    ----------
    dataset : Dataset
        Where it goes, under the next free number.
    rig : Rig
        The rig, stored with the episode.
    streams : sequence of StreamSpec
        What will be recorded.
    start_ns : int
        Stamp of the beginning, the clock of all samples.
    task, instruction, operator_code, source, notes
        Facts of the take, as in ``StartTake``.
    seed : int
        Seed of the world.
    """

    def __init__(
        self,
        dataset: Dataset,
        rig: Rig,
        streams: Sequence[StreamSpec],
        start_ns: int,
        *,
        task: str = "",
        instruction: str = "",
        operator_code: str = "",
        source: SourceName = "none",
        notes: dict[str, Any] | None = None,
        seed: int = 0,
    ) -> None:
        order = StartTake(
            press_ns=start_ns, task=task, instruction=instruction, operator_code=operator_code,
            source=source, pre_roll_s=0.0, notes=notes or {},
        )  # fmt: skip
        session = SessionFile(
            namespace=SESSION, rig=rig, dataset_dir=dataset.root, runtime_dir=dataset.root,
            parent_pid=0, seed=seed,
        )  # fmt: skip
        self.number = dataset.next_number()
        header = take_header(session, order, self.number, streams)
        self._dataset = dataset
        self._path = dataset.log_path(self.number, header["uuid"])
        self._writer = LogWriter(DurableFile(self._path), header)
        self._specs = {spec.name: (index, spec) for index, spec in enumerate(streams)}
        self._seq = dict.fromkeys(self._specs, 0)

    def add(self, stream: str, data: NDArray, stamp_ns: int) -> None:
        """Append a sample; ``stamp_ns`` is both host and device time.

        Raises
        ------
        OSError
            When the disk refuses.
        """
        index, spec = self._specs[stream]
        stored, crc = encode_with_crc(spec, data.astype(spec.dtype, copy=False))
        record = LogRecord(index, self._seq[stream], stamp_ns, stored, stamp_ns)
        self._seq[stream] += 1
        self._writer.append([encode_record(record, crc)])

    def publish(self, outcome: Outcome, stamp_ns: int) -> Path:
        """End the take, verify it and make it an episode; returns its file."""
        facts = {"reason": "stopped", "stamp_ns": stamp_ns, "outcome": outcome}
        self._writer.append([encode_record(json_record(END_STREAM, facts))])
        self._writer.close()
        published = finalise_log(self._dataset, self._path).path
        assert published is not None
        return published

    def abandon(self) -> None:
        """Throw the take away."""
        self._writer.close()
        self._path.unlink(missing_ok=True)
