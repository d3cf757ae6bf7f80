"""A station of the recorder with publishers of its own, stepped by the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from devices.bus import Bus
from devices.clock import now_ns
from devices.messages import StartTake, StopTake
from devices.session_file import SessionFile
from recorder.durability import DiskPolicy
from recorder.episode import Episode
from recorder.station import Station, StationOptions
from support.recording import InlineChild, SmallPublishers
from support.waiting import wait_until

JOINTS = "right/joints_measured"
TAXELS = "left/taxels"
DEPTH = "front/depth"
ALL = (JOINTS, TAXELS, DEPTH)
ROOMY = DiskPolicy(stop_s=0, warn_s=0, start_s=0, least_bytes=0)


class Scene:
    """A station and the publishers of three of its streams, stepped by the test."""

    def __init__(self, session: SessionFile, options: StationOptions | None = None) -> None:
        self.session = session
        self.bus = Bus(session.namespace)
        self.options = options or StationOptions(disk=ROOMY)
        self.may_publish = False
        self.options.launch = lambda root, log: InlineChild(root, log, lambda: self.may_publish)
        self.station = Station(session, self.bus, self.options)
        self.publishers = SmallPublishers(self.bus, session.rig, ALL)

    def step_until(self, holds: Callable[[], object], what: str) -> None:
        def stepped() -> object:
            self.station.step()
            return holds()

        wait_until(stepped, 20.0, what)

    def send(self, count: int = 1, names: tuple[str, ...] = ALL) -> None:
        for _ in range(count):
            for name in names:
                self.publishers.send(name)
        self.station.step()

    def start(self, **facts) -> int:
        facts = {"press_ns": now_ns(), "pre_roll_s": 0.0, **facts}
        self.station.obey(StartTake(**facts))
        self.step_until(lambda: self.station.state == "recording", "recording")
        number = self.station.status().episode
        assert number is not None
        return number

    def stop(self, outcome="unlabelled") -> None:
        self.station.obey(StopTake(press_ns=now_ns(), outcome=outcome))
        self.step_until(lambda: self.station.state == "idle", "idle")

    def take(self, samples: int = 5, outcome="unlabelled", **facts) -> int:
        number = self.start(**facts)
        self.send(samples)
        self.stop(outcome)
        return number

    def settle(self) -> None:
        self.may_publish = True
        self.step_until(lambda: self.station.finished, "everything published")
        self.may_publish = False

    def path(self, number: int) -> Path:
        return self.station.dataset.episode_path(number)

    def seqs(self, number: int, name: str = JOINTS) -> list[int]:
        with Episode(self.path(number)) as episode:
            return episode.stream(name).seq.tolist()

    def close(self) -> None:
        self.settle()
        self.publishers.close()
        self.station.close()
