"""A task in process and faster than real time: reset, step through the gate, observe, judge.

For demonstrations, training checks and evaluation; free of torch and Qt. Time is simulated time.
Everything a policy asks for goes through the same ``CommandGate`` the supervisor uses, ticked at
the hand's control rate, to the same firmware; a demonstrator pulls the compliant hand as a person
does. Same rig, seed and requests: same observations, bit for bit.

    world = TaskWorld(task.rig(load_rig("sim-xhand")), picture_size=(96, 96))
    seen = world.reset(seed)
    while world.state.outcome == "running":
        seen = world.step(policy(seen), 0.05)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from devices.requests import Source
from devices.rig import MAX_PULLS, PULL_FIELDS, CameraConfig, Rig, RigError
from devices.sim.gel_pictures import GelPictures
from devices.sim.scene_pictures import ScenePictures
from devices.sim.task_judge import TaskState
from devices.sim.touch import TactileSensor, TaxelArray, resultants
from devices.sim.world import World
from devices.supervision.gate import Command, CommandGate, GateLimits
from devices.wire import HandMode

SETTLE_S = 0.2  # the world comes to rest before a task begins
Hook = Callable[["TaskWorld", int], None]


@dataclass(frozen=True)
class Observation:
    """What a policy may see at one instant.

    Attributes
    ----------
    time_s : float
        Simulated time since the reset.
    joints : (J,) float64 array
        Measured joints in ``HandSpec`` order, rad or m.
    velocity, effort : (J,) float64 array
        Measured, per second; N m or N.
    sent : (J,) float64 array
        Newest goal that passed the gate; the measured pose while the hand is pulled.
    taxels : (P, T, 3) float32 array
        Force on every taxel in the pad frame, N; (P, 0, 3) on hands without taxels.
    force_n : (P, 3) float32 array
        Force of each pad on what it touches, N, pad frame; z is the normal.
    pictures : dict
        Camera name to (H, W, 3) uint8 RGB; empty without ``picture_size``.
    gels : dict
        Stream of a visuotactile fingertip to (H, W, 3) uint8 RGB; empty on other hands and
        without ``gels``.
    """

    time_s: float
    joints: NDArray[np.float64]
    velocity: NDArray[np.float64]
    effort: NDArray[np.float64]
    sent: NDArray[np.float64]
    taxels: NDArray[np.float32]
    force_n: NDArray[np.float32]
    pictures: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    gels: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)


class TaskWorld:
    """The first hand of a rig with a task. One thread; ``close`` it when it draws pictures.

    Parameters
    ----------
    rig : Rig
        A rig whose world has a task (``Task.rig`` or ``devices.task_scene.with_task``).
    picture_size : (width, height), optional
        Draw every camera at this size; None draws nothing and is much faster. A size with another
        shape than the camera's shows the middle of its picture.
    source : Source
        Who asks; only counts in the gate's checks.
    gels : bool
        Draw the gels of visuotactile fingertips at every observation.
    """

    def __init__(
        self,
        rig: Rig,
        picture_size: tuple[int, int] | None = None,
        source: Source = Source.POLICY,
        gels: bool = False,
    ) -> None:
        if rig.world is None or rig.world.task is None:
            raise RigError(f"rig '{rig.name}' has no task; make it with 'with_task(rig, scene)'")
        self.rig = rig
        self.hand = rig.hands[0]
        self.world = World(rig)
        self.pictures = None if picture_size is None else ScenePictures(rig, picture_size)
        self.gels = GelPictures(rig, self.world.model, self.world.scene)
        self._show_gels = gels
        self.hook: Hook | None = None
        self._step_ns = round(rig.world.timestep_s * 1e9)
        self._tick_ns = round(1e9 / self.hand.control_rate_hz)
        self._limits = GateLimits.of(self.hand.spec, self.hand.limits, self.hand.control_rate_hz)
        self._source = source
        self._pads = len(self.hand.spec.pads)
        touch = next((t for t in rig.tactile if t.side == self.hand.side), None)
        self._sensor_model = None if touch is None else touch.sensor
        taxels = touch is not None and touch.kind == "taxels"
        self._array = TaxelArray(self.hand.spec.pads) if taxels else None
        self.gate = CommandGate(self._limits)
        self.reset(0)

    # --- what a policy uses ----------------------------------------------------------------

    def reset(self, seed: int | None) -> Observation:
        """Begin the task anew from the start state of ``seed``; None is the exact middle."""
        for firmware in self.world.firmware:
            firmware.mode = HandMode.HOLD
        self.world.set_pulls(None)
        self.world.reset(seed)
        self.gate = CommandGate(self._limits)
        self._seq = 0
        self._epoch = 0
        self._mode = HandMode.HOLD
        shape = (self._pads, 3) if self._array is None else self._array.shape
        model = self._sensor_model
        self._sensor = None if model is None else TactileSensor(model, shape, seed or 0)
        self._next_tick_ns = self.now_ns
        self._begin_ns = self.now_ns
        self.rejected = ""
        self.pulled = np.zeros((MAX_PULLS, PULL_FIELDS))
        self._advance(SETTLE_S)
        self._begin_ns = self.now_ns
        judge = self.world.judge
        assert judge is not None
        judge.restart(self.world.data)
        return self.observe()

    def step(
        self, targets: NDArray[np.float64], seconds: float, due_s: NDArray[np.float64] | None = None
    ) -> Observation:
        """Ask for ``targets`` and let ``seconds`` pass.

        Parameters
        ----------
        targets : (J,) or (N, J) float64 array
            Joint targets; a chunk of N, at most 32.
        seconds : float
            Simulated time to pass.
        due_s : (N,) array, optional
            When each target is due, from now; a single target is due at once, a chunk is spread
            evenly over ``seconds``.

        Returns
        -------
        Observation
            After that time. A request the gate rejects is counted in ``gate.rejects`` and moves
            nothing; ``rejected`` names the reason of the last one.
        """
        self.advance_requested(targets, seconds, due_s)
        return self.observe()

    def advance_requested(
        self, targets: NDArray[np.float64], seconds: float, due_s: NDArray[np.float64] | None = None
    ) -> None:
        """``step`` without looking."""
        chunk = np.atleast_2d(np.asarray(targets, np.float64))
        if due_s is None:
            due_s = np.arange(len(chunk), dtype=np.float64) * (seconds / len(chunk))
        if self._mode is not HandMode.POSITION:
            self._take_authority()
        self._seq += 1
        now_ns = self.now_ns
        due_ns = now_ns + np.rint(np.asarray(due_s) * 1e9).astype(np.int64)
        command = Command(self._source, self._seq, now_ns, self._epoch, due_ns, chunk)
        self.rejected = self.gate.admit(command, now_ns)
        self._advance(seconds)

    def pull(self, rows: NDArray[np.float64], seconds: float) -> Observation:
        """Let the compliant hand be pulled by ``operator/pulls`` rows for ``seconds``."""
        self.advance_pulled(rows, seconds)
        return self.observe()

    def advance_pulled(self, rows: NDArray[np.float64], seconds: float) -> None:
        """``pull`` without looking."""
        if self._mode is not HandMode.COMPLIANT:
            self.gate.revoke()
            self._mode = HandMode.COMPLIANT
        self.world.set_pulls(rows)
        self.pulled = rows
        self._advance(seconds)

    def observe(self) -> Observation:
        """What is seen now."""
        world = self.world
        taxels, force = self.touch()
        pictures = {} if self.pictures is None else self.pictures.draw(world.data)
        measured = world.position(0).copy()
        gels = self.gels.draw(world.data, world.contacts()[0]) if self._show_gels else {}
        return Observation(
            time_s=(self.now_ns - self._begin_ns) / 1e9,
            joints=measured,
            velocity=world.velocity(0).copy(),
            effort=world.effort(0).copy(),
            sent=self.sent.copy(),
            taxels=taxels,
            force_n=force,
            pictures=pictures,
            gels=gels,
        )

    def touch(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Taxels (P, T, 3) and force per pad (P, 3) now, through the rig's sensor model, N."""
        contacts = self.world.contacts()[0]
        if self._array is not None:
            clean = self._array.spread(contacts)
        else:
            clean = resultants(contacts, self._pads)[:, :3]
        felt = clean if self._sensor is None else self._sensor.measure(clean)
        if self._array is None:
            return np.zeros((self._pads, 0, 3), np.float32), felt.astype(np.float32)
        return felt.astype(np.float32), felt.sum(axis=1).astype(np.float32)

    def pad_force_n(self) -> NDArray[np.float64]:
        """True force of each pad on what it touches (P, 3), N; not for policies."""
        return resultants(self.world.contacts()[0], self._pads)[:, :3]

    @property
    def sent(self) -> NDArray[np.float64]:
        """Newest goal (J,) that passed the gate; the measured pose while the hand is pulled."""
        pulled = self._mode is not HandMode.POSITION
        return self.world.position(0) if pulled else self.gate.sent

    @property
    def state(self) -> TaskState:
        """What the judge says."""
        assert self.world.judge is not None
        return self.world.judge.state

    def end(self) -> TaskState:
        """Nothing more will be asked: the judge's final word, never ``running``."""
        assert self.world.judge is not None
        return self.world.judge.end()

    @property
    def now_ns(self) -> int:
        """Simulated time, ns; rises over resets as well."""
        return self.world.time_ns

    @property
    def time_s(self) -> float:
        """Simulated seconds since the reset."""
        return (self.now_ns - self._begin_ns) / 1e9

    def close(self) -> None:
        """Free the GL context, if any."""
        if self.pictures is not None:
            self.pictures.close()

    def __enter__(self) -> TaskWorld:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # --- time ------------------------------------------------------------------------------

    def _take_authority(self) -> None:
        self.world.set_pulls(None)
        self.pulled = np.zeros((MAX_PULLS, PULL_FIELDS))
        self._epoch += 1
        self.gate.grant(self._source, self._epoch)
        self.gate.begin_segment(self.world.position(0))
        self._mode = HandMode.POSITION

    def _advance(self, seconds: float) -> None:
        end_ns = self.now_ns + round(seconds * 1e9)
        while self.now_ns + self._step_ns // 2 < end_ns:
            now_ns = self.now_ns
            if now_ns >= self._next_tick_ns:
                self._next_tick_ns += self._tick_ns
                self._tick(now_ns)
            self.world.step(now_ns)
            if self.hook is not None:
                self.hook(self, self.now_ns)

    def _tick(self, now_ns: int) -> None:
        """One tick of the control loop: gate, then goal to the firmware as its sign of life."""
        measured = self.world.position(0)
        if self._mode is HandMode.POSITION:
            self.gate.step(measured, now_ns)
            goal = self.gate.sent
        else:
            goal = measured
        self.world.firmware[0].receive(
            np.concatenate([[float(self._mode), 1.0], goal]), now_ns, measured
        )


def resized(rig: Rig, size: tuple[int, int], truth: bool | None = None) -> Rig:
    """Return ``rig`` with all cameras at ``size`` (width, height), without depth.

    ``truth`` also asks for the pictures without the operator.
    """
    cameras: list[CameraConfig] = []
    for camera in rig.cameras:
        fields: dict[str, object] = {"width": size[0], "height": size[1], "depth": False}
        if truth is not None:
            fields["truth"] = truth
        cameras.append(camera.model_copy(update=fields))
    return rig.model_copy(update={"cameras": tuple(cameras)})
