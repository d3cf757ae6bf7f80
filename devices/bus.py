"""The shared-memory bus: one iceoryx2 service per stream, one queue per subscriber.

The publisher never waits. A subscriber that falls behind loses its *oldest* samples and sees it
as a gap in ``seq``; nobody else notices. Service names carry the session's namespace, so several
sessions (and tests) live side by side.
"""

from __future__ import annotations

import ctypes
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import iceoryx2 as iox
import numpy as np
from numpy.typing import NDArray

from devices.clock import now_ns
from devices.stream import (
    FLAG_FIRST,
    HEADER,
    HEADER_BYTES,
    NO_DEVICE_STAMP,
    Sample,
    StreamSpec,
)

RECORDER_QUEUE_S = 6.0  # the disk may not drop: at least 5 s of peak rate (DESIGN, data path)
MAX_SUBSCRIBERS = 8
MAX_NODES = 24
MAILBOX_BYTES = 64 * 1024
MAILBOX_DEPTH = 256
MAX_MAILBOX_SENDERS = 8

iox.set_log_level(iox.LogLevel.Error)


def bus_root() -> Path:
    """Directory of the bus's bookkeeping files, one per user."""
    uid = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"thenar-bus-{uid}"


def _configuration() -> Any:
    config = iox.config.default()
    config.global_cfg.prefix = iox.FileName.new("thenar_")
    config.global_cfg.root_path = iox.Path.new(f"{bus_root()}/")
    return config


def connected_pids() -> set[int]:
    """Processes that are on this user's bus, dead ones that left something behind included."""
    nodes = iox.Node.list(iox.ServiceType.Ipc, _configuration())
    known = (iox.NodeState.Alive, iox.NodeState.Dead)
    return {node[0].id.pid(iox.ServiceType.Ipc) for node in nodes if isinstance(node, known)}


class Bus:
    """One process's connection to the session's bus.

    Parameters
    ----------
    namespace : str
        Name of the session; only processes of the same namespace hear each other.
    """

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self._node = (
            iox.NodeBuilder.new()
            .config(_configuration())
            .signal_handling_mode(iox.SignalHandlingMode.Disabled)
            .create(iox.ServiceType.Ipc)
        )

    def publisher(self, spec: StreamSpec) -> Publisher:
        """Open the only publisher of ``spec``; a second one raises ``BusError``."""
        return Publisher(self._service(spec.name, _queue_depth(spec), 1), spec)

    def subscriber(self, spec: StreamSpec, depth: int | None = None) -> Subscriber:
        """Subscribe to ``spec`` with a queue of ``depth`` samples of its own.

        Parameters
        ----------
        spec : StreamSpec
            The stream.
        depth : int, optional
            Queue length in samples; by default the recorder's, at least 5 s of peak rate.
        """
        service = self._service(spec.name, _queue_depth(spec), 1)
        return Subscriber(service, spec, min(depth or _queue_depth(spec), _queue_depth(spec)))

    def outbox(self, name: str) -> Outbox:
        """Open a sender of JSON messages; several senders may share one name."""
        return Outbox(self._service(f"mail/{name}", MAILBOX_DEPTH, MAX_MAILBOX_SENDERS))

    def inbox(self, name: str) -> Inbox:
        """Open a receiver of the JSON messages sent under ``name``."""
        return Inbox(self._service(f"mail/{name}", MAILBOX_DEPTH, MAX_MAILBOX_SENDERS))

    def _service(self, name: str, depth: int, publishers: int) -> Any:
        full = iox.ServiceName.new(f"thenar/{self.namespace}/{name}")
        try:
            return (
                self._node.service_builder(full)
                .publish_subscribe(iox.Slice[ctypes.c_uint8])
                .subscriber_max_buffer_size(depth)
                .subscriber_max_borrowed_samples(2)
                .max_subscribers(MAX_SUBSCRIBERS)
                .max_publishers(publishers)
                .max_nodes(MAX_NODES)
                .history_size(0)
                .enable_safe_overflow(True)
                .open_or_create()
            )
        except iox.PublishSubscribeOpenOrCreateError as error:
            raise BusError(
                f"bus service '{name}' of session '{self.namespace}': {error}"
            ) from error


class BusError(RuntimeError):
    """The bus refused a service or a port."""


def _queue_depth(spec: StreamSpec) -> int:
    return spec.depth_for(RECORDER_QUEUE_S, least=256 if spec.rate_hz == 0 else 8)


def _bytes_at(address: int, length: int) -> NDArray[np.uint8]:
    window: Any = (ctypes.c_uint8 * length).from_address(address)
    return np.frombuffer(window, np.uint8)


class Publisher:
    """Publishes one stream. Not thread-safe: one thread per publisher.

    Use ``lend`` / ``publish`` to let a driver fill shared memory in place, or ``send`` to copy a
    finished array. ``seq`` counts from 0 and rises by one per published sample.
    """

    def __init__(self, service: Any, spec: StreamSpec) -> None:
        self.spec = spec
        self._bytes = HEADER_BYTES + spec.nbytes
        try:
            self._port: Any = (
                service.publisher_builder()
                .initial_max_slice_len(self._bytes)
                .max_loaned_samples(2)
                .create()
            )
        except iox.PublisherCreateError as error:
            raise BusError(
                f"stream '{spec.name}' already has a publisher in this session ({error}); "
                "stop the other process first"
            ) from error
        self._seq = 0
        self._loan: Any = None

    @property
    def next_seq(self) -> int:
        """Sequence number the next published sample will carry."""
        return self._seq

    def lend(self) -> NDArray:
        """Lend a writable view of shared memory with the stream's dtype and shape."""
        self._loan = self._port.loan_slice_uninit(self._bytes)
        address = self._loan.payload().data_ptr
        payload = _bytes_at(address + HEADER_BYTES, self.spec.nbytes)
        return self.spec.view(payload)

    def publish(
        self,
        stamp_ns: int,
        device_stamp_ns: int | None = None,
        flags: int = 0,
        length: int | None = None,
    ) -> int:
        """Publish the lent buffer and return its sequence number.

        Parameters
        ----------
        stamp_ns : int
            Host monotonic clock at receipt, ns.
        device_stamp_ns : int, optional
            The device's own clock, ns.
        flags : int
            ``FLAG_*`` bits; ``FLAG_FIRST`` is added to the first sample.
        length : int, optional
            Payload bytes used, for variable streams.
        """
        if self._loan is None:
            raise BusError(f"stream '{self.spec.name}': publish() without lend()")
        loan, self._loan = self._loan, None
        seq = self._seq
        if seq == 0:
            flags |= FLAG_FIRST
        header = (ctypes.c_uint8 * HEADER_BYTES).from_address(loan.payload().data_ptr)
        HEADER.pack_into(
            header,
            0,
            seq,
            stamp_ns,
            NO_DEVICE_STAMP if device_stamp_ns is None else device_stamp_ns,
            self.spec.nbytes if length is None else length,
            flags,
        )
        loan.assume_init().send()
        self._seq = seq + 1
        return seq

    def send(
        self,
        data: NDArray | bytes,
        stamp_ns: int | None = None,
        device_stamp_ns: int | None = None,
        flags: int = 0,
    ) -> int:
        """Copy ``data`` into shared memory and publish it, stamped now unless told otherwise.

        Raises
        ------
        ValueError
            When the shape or length does not fit the stream.
        """
        if self.spec.variable:
            raw = bytes(data)
            if len(raw) > self.spec.nbytes:
                raise ValueError(
                    f"stream '{self.spec.name}': message of {len(raw)} bytes exceeds the "
                    f"limit of {self.spec.nbytes} bytes"
                )
            self.lend()[: len(raw)] = np.frombuffer(raw, np.uint8)
            return self.publish(stamp_ns or now_ns(), device_stamp_ns, flags, len(raw))
        array = np.asarray(data)
        if array.shape != self.spec.shape:
            raise ValueError(
                f"stream '{self.spec.name}': sample shape {array.shape}, expected {self.spec.shape}"
            )
        self.lend()[...] = array
        return self.publish(stamp_ns or now_ns(), device_stamp_ns, flags)

    def close(self) -> None:
        """Release the port; safe to call twice."""
        if self._port is not None:
            self._loan = None
            self._port.delete()
            self._port = None


class Subscriber:
    """Receives one stream through a queue of its own. One thread per subscriber."""

    def __init__(self, service: Any, spec: StreamSpec, depth: int) -> None:
        self.spec = spec
        self.depth = depth
        self._port: Any = service.subscriber_builder().buffer_size(depth).create()

    def receive(self) -> Sample | None:
        """Return the oldest queued sample (a copy), or None when the queue is empty."""
        raw = self._port.receive()
        if raw is None:
            return None
        return self._take(raw)

    def drain(self, limit: int | None = None) -> Iterator[Sample]:
        """Yield queued samples, oldest first, until the queue is empty or ``limit`` is reached."""
        count = 0
        while limit is None or count < limit:
            sample = self.receive()
            if sample is None:
                return
            yield sample
            count += 1

    def newest(self) -> Sample | None:
        """Return the newest queued sample and drop all older ones; None when nothing is new."""
        last = None
        while True:
            raw = self._port.receive()
            if raw is None:
                break
            if last is not None:
                last.delete()
            last = raw
        return None if last is None else self._take(last)

    def _take(self, raw: Any) -> Sample:
        address = raw.payload_ptr
        header = (ctypes.c_uint8 * HEADER_BYTES).from_address(address)
        seq, stamp_ns, device_stamp_ns, length, flags = HEADER.unpack(header)
        payload = _bytes_at(address + HEADER_BYTES, length).copy()
        raw.delete()
        return Sample(
            seq,
            stamp_ns,
            None if device_stamp_ns == NO_DEVICE_STAMP else device_stamp_ns,
            flags,
            self.spec.view(payload),
        )

    def close(self) -> None:
        """Release the port; safe to call twice."""
        if self._port is not None:
            self._port.delete()
            self._port = None


class Outbox:
    """Sends JSON messages. A late receiver gets only what is sent after it came: an old order
    (say, "arm") must never reach a supervisor that has just started."""

    def __init__(self, service: Any) -> None:
        self._port: Any = service.publisher_builder().initial_max_slice_len(MAILBOX_BYTES).create()

    def send(self, message: dict[str, Any]) -> None:
        """Send ``message``; raises ``ValueError`` above 64 KiB of JSON."""
        raw = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
        if len(raw) > MAILBOX_BYTES:
            raise ValueError(f"message of {len(raw)} bytes exceeds the limit of {MAILBOX_BYTES}")
        loan = self._port.loan_slice_uninit(len(raw))
        ctypes.memmove(loan.payload().data_ptr, raw, len(raw))
        loan.assume_init().send()

    def close(self) -> None:
        """Release the port; safe to call twice."""
        if self._port is not None:
            self._port.delete()
            self._port = None


class Inbox:
    """Receives JSON messages, oldest first."""

    def __init__(self, service: Any) -> None:
        self._port: Any = service.subscriber_builder().buffer_size(MAILBOX_DEPTH).create()

    def drain(self) -> Iterator[dict[str, Any]]:
        """Yield all queued messages."""
        while True:
            raw = self._port.receive()
            if raw is None:
                return
            payload = raw.payload()
            text = ctypes.string_at(payload.data_ptr, payload.number_of_elements)
            raw.delete()
            yield json.loads(text)

    def newest(self) -> dict[str, Any] | None:
        """Return the newest queued message, or None."""
        messages = list(self.drain())
        return messages[-1] if messages else None

    def close(self) -> None:
        """Release the port; safe to call twice."""
        if self._port is not None:
            self._port.delete()
            self._port = None
