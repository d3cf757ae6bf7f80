"""Read an episode: facts, streams, decoded frames, windows by time, aligned arrays.

Nothing is loaded before it is asked for. All times are seconds from the first sample of the
episode unless a name says ``_ns``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from devices.clock import NS_PER_S
from devices.stream import NO_DEVICE_STAMP, Sample, StreamSpec
from recorder.align import Aligned, Policy, align_streams
from recorder.dataset import companions, read_labels
from recorder.encoding import decode_sample
from recorder.layout import (
    EPISODE_SCHEMA,
    attributes_of,
    get_json,
    is_packed,
    plain_group,
    refuse_foreign,
)


class EpisodeError(ValueError):
    """A file cannot be read as an episode; the message is one clear sentence."""


@dataclass(frozen=True)
class Window:
    """A stretch of one stream.

    Attributes
    ----------
    first : int
        Position of the first sample within the stream.
    seq : (N,) uint64 array
    stamp_ns : (N,) int64 array
    time_s : (N,) float64 array
        Seconds from the start of the episode.
    data : (N, ...) array
        Samples with the stream's dtype and shape; images decoded to RGB.
    """

    first: int
    seq: NDArray[np.uint64]
    stamp_ns: NDArray[np.int64]
    time_s: NDArray[np.float64]
    data: NDArray


class EpisodeStream:
    """One stream of an open episode."""

    def __init__(self, group: h5py.Group, name: str, start_ns: int) -> None:
        self._group = group
        self._start_ns = start_ns
        attrs = attributes_of(group)
        self.spec = StreamSpec(
            name=name,
            kind=attrs["kind"],
            dtype=str(attrs["dtype"]),
            shape=tuple(int(n) for n in np.asarray(attrs["shape"])),
            axes=_strings(attrs["axes"]),
            unit=str(attrs["unit"]),
            rate_hz=float(attrs["rate_hz"]),
            labels=_strings(attrs["labels"]),
            frame=str(attrs["frame"]),
            encoding=attrs["encoding"],
            quality=int(attrs["quality"]),
            variable=bool(attrs["variable"]),
            device=str(attrs["device"]),
        )
        self.name = name

    def __len__(self) -> int:
        return len(self.stamp_ns)

    @cached_property
    def seq(self) -> NDArray[np.uint64]:
        """(N,) uint64 sequence numbers."""
        return np.asarray(self._group["seq"])

    @cached_property
    def stamp_ns(self) -> NDArray[np.int64]:
        """(N,) int64 host monotonic clock at receipt, ns."""
        return np.asarray(self._group["stamp_ns"])

    @cached_property
    def device_stamp_ns(self) -> NDArray[np.int64]:
        """(N,) int64 device clock, ns; ``NO_DEVICE_STAMP`` where the device has none."""
        return np.asarray(self._group["device_stamp_ns"])

    @cached_property
    def flags(self) -> NDArray[np.uint32]:
        """(N,) uint32 ``FLAG_*`` bits."""
        return np.asarray(self._group["flags"])

    @cached_property
    def crc32(self) -> NDArray[np.uint32]:
        """(N,) uint32 CRC-32 of each sample's stored bytes."""
        return np.asarray(self._group["crc32"])

    @cached_property
    def time_s(self) -> NDArray[np.float64]:
        """(N,) float64 seconds from the start of the episode."""
        return (self.stamp_ns - self._start_ns) / NS_PER_S

    @cached_property
    def _offset(self) -> NDArray[np.int64]:
        return np.asarray(self._group["offset"]).astype(np.int64)

    @property
    def _data(self) -> h5py.Dataset:
        data = self._group["data"]
        assert isinstance(data, h5py.Dataset)
        return data

    @property
    def stored_bytes(self) -> int:
        """Space of all samples in the file, bytes."""
        return self._data.id.get_storage_size()

    def stored(self, index: int) -> NDArray[np.uint8]:
        """Bytes of sample ``index`` as stored."""
        index = self._position(index)
        if is_packed(self.spec):
            return np.asarray(self._data[self._offset[index] : self._offset[index + 1]])
        return np.ascontiguousarray(self._data[index]).reshape(-1).view(np.uint8)

    def frame(self, index: int) -> NDArray:
        """Sample ``index`` (negative counts from the end), images decoded to RGB.

        Raises
        ------
        IndexError
            When there is no such sample.
        """
        index = self._position(index)
        if is_packed(self.spec):
            stored = self.stored(index)
            return stored if self.spec.variable else decode_sample(self.spec, stored)
        return np.asarray(self._data[index])

    def sample(self, index: int) -> Sample:
        """Sample ``index`` with its sequence number, stamps and flags."""
        index = self._position(index)
        device_ns = int(self.device_stamp_ns[index])
        return Sample(
            int(self.seq[index]),
            int(self.stamp_ns[index]),
            None if device_ns == NO_DEVICE_STAMP else device_ns,
            int(self.flags[index]),
            self.frame(index),
        )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[NDArray]:
        """Yield decoded samples ``start`` to ``stop``, one at a time."""
        for index in range(*slice(start, stop).indices(len(self))):
            yield self.frame(index)

    def rows(self, indices: NDArray[np.integer] | slice) -> NDArray:
        """Decoded samples at ``indices`` as one array ``(len(indices), ...)``.

        Raises
        ------
        ValueError
            For streams of JSON events, whose samples differ in length.
        """
        if self.spec.variable:
            raise ValueError(f"stream '{self.name}': events differ in length; read them one by one")
        if isinstance(indices, slice):
            indices = np.arange(*indices.indices(len(self)))
        indices = np.asarray(indices)
        if not is_packed(self.spec):
            wanted, back = np.unique(indices, return_inverse=True)
            if len(wanted) and wanted[-1] - wanted[0] + 1 == len(wanted):
                block = self._data[int(wanted[0]) : int(wanted[-1]) + 1]
            else:
                block = self._data[wanted] if len(wanted) else self._data[:0]
            return np.asarray(block)[back]
        wanted, back = np.unique(indices, return_inverse=True)
        out = np.empty((len(wanted), *self.spec.shape), self.spec.dtype)
        for at, index in enumerate(wanted):
            out[at] = self.frame(int(index))
        return out if np.array_equal(wanted, indices) else out[back]

    def window(self, start_s: float, stop_s: float) -> Window:
        """Samples with ``start_s <= time < stop_s``; only these are read.

        Parameters
        ----------
        start_s, stop_s : float
            Seconds from the start of the episode.
        """
        first, last = (int(n) for n in np.searchsorted(self.time_s, (start_s, stop_s)))
        part = slice(first, last)
        return Window(
            first, self.seq[part], self.stamp_ns[part], self.time_s[part], self.rows(part)
        )

    def nearest(self, time_s: float) -> int:
        """Position of the sample nearest to ``time_s``; raises ``IndexError`` when empty."""
        if not len(self):
            raise IndexError(f"stream '{self.name}' is empty")
        after = int(np.searchsorted(self.time_s, time_s))
        if after == 0:
            return 0
        if after == len(self):
            return len(self) - 1
        before = after - 1
        closer = time_s - self.time_s[before] <= self.time_s[after] - time_s
        return before if closer else after

    def _position(self, index: int) -> int:
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"stream '{self.name}' has {count} samples, no sample {index}")
        return index % count


class Episode:
    """An episode file, open for reading. Use it in a ``with`` block, or ``close`` it.

    Parameters
    ----------
    path : Path
        The ``.h5`` file.

    Raises
    ------
    EpisodeError
        Not an HDF5 file, or of a schema this program does not know.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            self._file = h5py.File(self.path, "r")
        except FileNotFoundError:
            raise EpisodeError(f"episode '{path}' does not exist") from None
        except OSError as error:
            raise EpisodeError(f"'{path}' cannot be opened as an episode: {error}") from None
        schema = self._file.attrs.get("schema")
        if schema != EPISODE_SCHEMA:
            self._file.close()
            raise EpisodeError(
                f"'{path}' has schema '{schema}', this program reads '{EPISODE_SCHEMA}'"
            )
        try:
            self.streams: Mapping[str, EpisodeStream] = dict(self._find_streams())
        except (KeyError, ValueError, OSError) as error:
            self._file.close()
            raise EpisodeError(f"'{path}' is damaged: {error}") from None

    def _find_streams(self) -> Iterator[tuple[str, EpisodeStream]]:
        refuse_foreign(self._file, self.path.stat().st_size)
        configuration = get_json(self._file, "configuration")
        streams = self._file["streams"]
        assert isinstance(streams, h5py.Group)
        for spec in configuration["header"]["streams"]:
            group = plain_group(streams, spec["name"])
            yield spec["name"], EpisodeStream(group, spec["name"], self.start_stamp_ns)

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Facts of the take as stored when it was recorded."""
        return attributes_of(self._file)

    @property
    def start_stamp_ns(self) -> int:
        """Stamp of the first sample, ns: zero of every ``time_s``."""
        return int(self.attributes["start_stamp_ns"])

    @property
    def duration_s(self) -> float:
        """From the first to the last sample."""
        return float(self.attributes["duration_s"])

    @property
    def outcome(self) -> str:
        """Newest outcome: from the labels beside the file, else from the file."""
        return read_labels(companions(self.path)[1]).outcome or str(self.attributes["outcome"])

    @cached_property
    def rig(self) -> dict[str, Any]:
        """The rig definition the take was recorded with."""
        return get_json(self._file, "rig")

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """Header and end record of the capture log."""
        return get_json(self._file, "configuration")

    @cached_property
    def calibration(self) -> dict[str, Any]:
        """Calibrations in force."""
        return get_json(self._file, "calibration")

    @cached_property
    def ledger(self) -> NDArray:
        """Structured array of gaps; see ``recorder.layout.LEDGER``."""
        return np.asarray(self._file["ledger"])

    def stream(self, name: str) -> EpisodeStream:
        """One stream; raises ``KeyError`` naming those there are."""
        if name not in self.streams:
            raise KeyError(f"no stream '{name}'; this episode has {', '.join(self.streams)}")
        return self.streams[name]

    def group(self, name: str) -> h5py.Group:
        """The HDF5 group of a stream."""
        group = self._file[f"streams/{self.stream(name).name}"]
        assert isinstance(group, h5py.Group)
        return group

    def aligned(
        self,
        reference: str | float,
        streams: Sequence[str] | None = None,
        policy: Mapping[str, Policy] | None = None,
        max_age_s: float | None = None,
    ) -> dict[str, Aligned]:
        """Bring streams to common times; see ``recorder.align.align_streams``.

        Parameters
        ----------
        reference : str or float
            A stream whose stamps are the common times, or a rate in Hz.
        streams : sequence of str, optional
            Which streams; by default all but events.
        policy : mapping, optional
            Kind (or stream name) to ``nearest``, ``hold`` or ``interpolate``.
        max_age_s : float, optional
            Older values count as not valid.
        """
        return align_streams(self, reference, streams, policy, max_age_s)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    def __enter__(self) -> Episode:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, h5py.Empty):
        return ()
    return tuple(str(item) for item in np.asarray(value))
