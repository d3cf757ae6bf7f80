"""The recorder's state machine: orders in, takes and episodes out, status for everyone.

::

    idle --start--> recording --stop, disk, queue, owner gone--> stopping --log closed--> idle

Ladder of degradation: queue above 20 % or disk below 15 min -> warned; queue above 95 %, disk
below 2 min or a refused write -> the take is stopped cleanly and published; owner gone or
SIGTERM -> the take is finished and published, then the process leaves; killed -> the next start
recovers the log by itself.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from devices.bus import Bus
from devices.clock import NS_PER_MS, NS_PER_S, now_ns
from devices.messages import (
    Discard,
    Outcome,
    RecorderOrder,
    RecorderStatus,
    SetOutcome,
    StartTake,
    StopTake,
    UndoDiscard,
)
from devices.session_file import SessionFile
from recorder.capture import Capture
from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, episode_number, episode_uuid, open_dataset
from recorder.durability import DiskPolicy, DurableFile, free_bytes, seconds_left
from recorder.header import take_header
from recorder.labels import EpisodeLabels
from recorder.log import LogFile
from recorder.publishing import Child, FinaliseQueue, launch_child
from recorder.recover import orphaned_logs
from recorder.take import QUEUE_STOP, QUEUE_WARN, Take

log = logging.getLogger(__name__)

LINGER_NS = 100 * NS_PER_MS  # a frame stamped before the stop may arrive this much later
SHOWN_EPISODES = 16
EXPECTED_SHARE = {"raw": 1.0, "jpeg": 0.2, "png": 0.6}  # of the raw size, until measured
RATE_TRUSTED_S = 2.0


@dataclass
class StationOptions:
    """What tests and special machines may change.

    Attributes
    ----------
    disk : DiskPolicy
        When the disk counts as full.
    queue_limit_bytes : int or None
        Most memory for waiting samples; None for six seconds of the rig's peak rate.
    open_file : callable
        Opens a new log.
    free_bytes : callable
        Free bytes on the disk of a folder.
    launch : callable
        Starts the process that finalises a log.
    """

    disk: DiskPolicy = field(default_factory=DiskPolicy)
    queue_limit_bytes: int | None = None
    open_file: Callable[[Path], LogFile] = DurableFile
    free_bytes: Callable[[Path], int] = free_bytes
    launch: Callable[[Path, Path], Child] = launch_child


class Station:
    """Records the takes of one session. One thread calls ``step``.

    Parameters
    ----------
    session : SessionFile
        Rig and dataset folder.
    bus : Bus
        The session's bus.
    options : StationOptions, optional
        Limits.

    Raises
    ------
    DatasetError
        When the folder is not a dataset of this program's schema.
    """

    def __init__(
        self, session: SessionFile, bus: Bus, options: StationOptions | None = None
    ) -> None:
        self.session = session
        self.options = options or StationOptions()
        self.dataset: Dataset = open_dataset(session.dataset_dir, create=True)
        self.catalogue = Catalogue(self.dataset)
        self.capture = Capture(bus, [spec for spec in session.rig.streams() if spec.recorded])
        self.queue = FinaliseQueue(self.dataset, self.options.launch)
        self.labels = EpisodeLabels(self.dataset, self.catalogue, self._unpublished)
        self.state: Literal["idle", "recording", "stopping", "error"] = "idle"
        self.message = ""
        self._take: Take | None = None
        self._deferred: deque[StartTake | StopTake] = deque()
        self._reason = ""
        self._outcome: Outcome = "unlabelled"
        self._stop_ns = 0
        self._stop_asked_ns = 0
        self._rate_bytes_s = sum(
            spec.nbytes * spec.rate_hz * EXPECTED_SHARE[spec.encoding]
            for spec in self.capture.streams
        )
        self._published: deque[int] = deque(
            [row.number for row in self.catalogue.rows()][-SHOWN_EPISODES:], SHOWN_EPISODES
        )
        self._recovered: list[int] = []
        self._session: dict[str, Outcome] = {}  # takes by identity, oldest first, as stopped
        self._last: tuple[int, Outcome] | None = None
        self._last_path = ""
        self._discarded: int | None = None
        self._next_number = self.dataset.next_number()
        for path in orphaned_logs(self.dataset):
            self.queue.add(path, recovered=True)
        self._note_labels()

    def step(self) -> bool:
        """Do what is due; returns whether samples arrived. Never blocks on the disk."""
        busy = self.capture.poll() > 0
        if self.state == "recording":
            self._watch_limits()
        if self.state == "stopping":
            self._close_when_complete()
        self._collect_published()
        return busy

    def obey(self, order: RecorderOrder) -> None:
        """Carry out one order; a refusal is said in ``message``."""
        try:
            if isinstance(order, StartTake):
                self._begin(order)
            elif isinstance(order, StopTake):
                if self.state == "recording":
                    outcome = order.outcome if order.outcome != "unlabelled" else self._outcome
                    self._stop(order.press_ns, "stopped", outcome)
                elif self._deferred:
                    self._deferred.append(order)
            elif isinstance(order, SetOutcome):
                self._label(order.episode, order.outcome)
            elif isinstance(order, Discard):
                self._discard(order.episode)
            elif isinstance(order, UndoDiscard):
                self._undo_discard()
            self._note_labels()
        except KeyError as error:
            self.message = str(error.args[0])
        except OSError as error:
            self.message = f"disk: {error}"
            log.error("order %s failed: %s", order.type, error)

    def end(self, reason: str) -> None:
        """Finish the running take because the process is about to leave."""
        self._deferred.clear()
        if self.state == "recording":
            self._stop(now_ns(), reason, self._outcome)

    @property
    def finished(self) -> bool:
        """Whether nothing is being recorded or finalised."""
        return self._take is None and not self.queue.pending

    # --- takes ---------------------------------------------------------------------------------

    def _begin(self, order: StartTake) -> None:
        if self.state == "stopping":
            self._deferred.append(order)
            return
        if self.state == "recording":
            assert self._take is not None
            self.message = f"take {self._take.number} is running; stop it first"
            return
        if order.redo_of is not None and order.redo_of >= self._next_number:
            self.message = f"there is no episode {order.redo_of} to record again"
            return
        left_s = self._seconds_left()
        if left_s < self.options.disk.start_s:
            self.message = (
                f"disk of '{self.dataset.root}' is full in {left_s:.0f} s at this rate, a take "
                f"needs {self.options.disk.start_s:.0f} s; free some space"
            )
            return
        with self.dataset.locked():
            number = self.dataset.next_number() if order.redo_of is None else order.redo_of
            header = take_header(self.session, order, number, self.capture.streams)
            self._take = Take(
                self.dataset.log_path(number, header["uuid"]),
                header,
                self.options.queue_limit_bytes or self.capture.queue_limit_bytes,
                self.options.open_file,
            )
        self._outcome = self._session[self._take.uuid] = "unlabelled"
        self.capture.begin(self._take, order.press_ns - int(order.pre_roll_s * NS_PER_S))
        self._next_number = max(self._next_number, number + 1)
        self.state, self.message = "recording", ""

    def _stop(self, press_ns: int, reason: str, outcome: Outcome) -> None:
        self._stop_ns, self._stop_asked_ns = press_ns, now_ns()
        if self._take is not None:
            self._session[self._take.uuid] = outcome
        self._outcome = outcome
        self._reason = reason
        self.capture.end_at(press_ns)
        self.state = "stopping"
        self._note_labels()

    def _watch_limits(self) -> None:
        take = self._take
        assert take is not None
        fill = max(take.waiting, self.capture.waiting)
        if take.closed.is_set():
            self._stop(now_ns(), take.failure or "failure", self._outcome)
            self.message = f"take {take.number} ended: {take.failure}; what was written is kept"
        elif fill >= QUEUE_STOP:
            self._stop(now_ns(), "queue full", self._outcome)
            self.message = (
                f"take {take.number} stopped: the disk is too slow, {fill:.0%} of the queue was "
                f"in use (limit {QUEUE_STOP:.0%}); nothing was lost"
            )
        elif take.disk_full or self._seconds_left() <= self.options.disk.stop_s:
            self._stop(now_ns(), "disk nearly full", self._outcome)
            self.message = (
                f"take {take.number} stopped: the disk is nearly full; nothing was lost, "
                "free some space before the next take"
            )
        elif fill >= QUEUE_WARN:
            self.message = f"the disk is slow: {fill:.0%} of the queue in use, stop at 95 %"
        elif self._seconds_left() < self.options.disk.warn_s:
            self.message = f"disk full in {self._seconds_left() / 60:.0f} min"

    def _close_when_complete(self) -> None:
        take = self._take
        assert take is not None
        lingered = now_ns() - self._stop_asked_ns > LINGER_NS
        if not take.closed.is_set() and (lingered or self.capture.complete()):
            self.capture.detach()
            take.finish(self._reason, self._stop_ns, self._outcome)
        if take.closed.is_set():
            self.capture.detach()
            self._measure_rate(take)
            self.queue.add(take.path)
            if take.failure and take.failure not in self.message:
                self.message = f"take {take.number} ended: {take.failure}; what was written is kept"
            self._take = None
            self.state = "idle"
            while self._deferred and self.state != "stopping":
                self.obey(self._deferred.popleft())

    def _collect_published(self) -> None:
        done = self.queue.poll()
        if done is None:
            return
        if done.error:
            self.message = f"'{done.log.name}' is not published yet: {done.error}"
        elif done.number is None:
            self.message = "the take held no sample and was not kept"
        elif not done.discarded:
            self._show_published(done.number, done.path)
            self._remember_older(episode_uuid(done.log) or "")
            if done.recovered:
                self._recovered.append(done.number)
            asked = episode_number(done.log)
            if done.number != asked:
                self.message = (
                    f"take {asked} is published as episode {done.number}, because there is an "
                    f"episode {asked} already"
                )
        self._next_number = max(self._next_number, self.dataset.next_number())
        self._note_labels()

    def _show_published(self, number: int, path: str) -> None:
        if number in self._published:
            self._published.remove(number)
        self._published.append(number)
        self._last_path = path

    def _remember_older(self, uuid: str) -> None:
        """Count an episode to this session that was recorded before it."""
        if uuid not in self._session:
            self._session = {uuid: "unlabelled", **self._session}

    # --- labels --------------------------------------------------------------------------------

    def _unpublished(self) -> list[Path]:
        running = [self._take.path] if self._take is not None else []
        return running + self.queue.pending[::-1]

    def _label(self, number: int, outcome: Outcome) -> None:
        running = self._take is not None and self._take.number == number
        if running and self.state == "recording":
            self._outcome = outcome
        else:
            self.labels.set_outcome(number, outcome)

    def _discard(self, number: int) -> None:
        published = self.labels.discard(number)
        running = self.state == "recording" and self._take and self._take.number == number
        if running and not published:
            self._stop(now_ns(), "discarded", self._outcome)
        self.message = f"episode {number} discarded; undo brings it back"

    def _undo_discard(self) -> None:
        back = self.labels.undo_discard()
        if back.path is not None:
            self._show_published(back.number, str(back.path))
        self._remember_older(back.uuid)
        self._next_number = max(self._next_number, self.dataset.next_number())
        self.message = f"episode {back.number} is back"
        if back.number != back.was:
            self.message = (
                f"episode {back.was} came back as episode {back.number}, because {back.was} "
                "was recorded again"
            )

    def _note_labels(self) -> None:
        try:
            self._discarded = self.labels.last_discarded()
            self._last = self.labels.newest(self._session)
        except OSError as error:
            log.warning("cannot look up what was said about the takes: %s", error)

    # --- status --------------------------------------------------------------------------------

    def _measure_rate(self, take: Take) -> None:
        elapsed_s = (now_ns() - take.press_ns) / NS_PER_S
        if elapsed_s > RATE_TRUSTED_S and take.size_bytes:
            self._rate_bytes_s = take.size_bytes / elapsed_s

    def _seconds_left(self) -> float:
        committed = self.queue.committed_bytes()
        if self._take is not None:
            committed += self._take.size_bytes
            self._measure_rate(self._take)
        free = self.options.free_bytes(self.dataset.root)
        if self._take is not None:
            free += self._take.reserved_bytes
        free -= self.options.disk.least_bytes
        return seconds_left(free, committed, self._rate_bytes_s)

    def status(self) -> RecorderStatus:
        """What the window shows."""
        at_ns, take = now_ns(), self._take
        written, gaps = {}, {}
        if take is not None:
            written = dict(zip(take.names, take.written, strict=True))
            gaps = {name: n for name, n in zip(take.names, take.lost, strict=True) if n}
        last = self._last
        if take is not None and self.state == "recording":
            last = (take.number, self._outcome)
        heard = {
            tally.spec.name: (tally.rate_hz(at_ns), age_s)
            for tally in self.capture.tallies
            if (age_s := tally.age_s(at_ns)) is not None
        }
        return RecorderStatus(
            stamp_ns=at_ns,
            state=self.state,
            episode=take.number if take else None,
            last_episode=last[0] if last else None,
            outcome=last[1] if last else "unlabelled",
            next_episode=self._next_number,
            elapsed_s=(at_ns - take.press_ns) / NS_PER_S if take else 0.0,
            written=written,
            gaps=gaps,
            rates_hz={name: round(rate_hz, 2) for name, (rate_hz, _) in heard.items()},
            ages_s={name: round(age_s, 3) for name, (_, age_s) in heard.items()},
            queue_fill=max(take.waiting if take else 0.0, self.capture.waiting),
            bytes_written=take.size_bytes if take else 0,
            disk_free_bytes=self.options.free_bytes(self.dataset.root),
            disk_minutes=self._seconds_left() / 60,
            finalising=self.queue.numbers,
            published=tuple(self._published),
            last_path=self._last_path,
            discarded=self._discarded,
            recovered=tuple(self._recovered),
            message=self.message,
        )

    def close(self) -> None:
        """Leave the bus."""
        self.capture.close()
