"""The physics process: ``python -m devices.sim.world_process --session FILE``.

Steps the world in real time on the monotonic clock and is the far end of the simulated wire.

Degradation ladder:

- late by a few steps -> catches up; later than ``CATCH_UP_STEPS`` -> simulated time falls behind
  and the real-time factor says so, stamps stay those of the host clock;
- the supervisor dies -> this process lives on and each hand's firmware watchdog stops its hand;
- the operator falls silent -> its pulls are let go after ``PULLS_AGE_S``;
- the physics diverges -> the world starts anew with the hands in FAULT (``devices.sim.world``);
- SIGTERM, or the owner of the session dies -> leaves within one parent poll (0.2 s).
"""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections import deque

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from devices.bus import Publisher
from devices.clock import NS_PER_S, now_ns
from devices.messages import SIM_ORDERS, ResetWorld
from devices.process import ProcessContext, raise_priority
from devices.rig import Rig, TactileConfig
from devices.sim.touch import PadContacts, TactileSensor, TaxelArray, resultants
from devices.sim.world import World
from devices.task_scene import task_stream
from devices.wire import feedback_spec, goal_spec, pad_contact_spec, scene_spec

CATCH_UP_STEPS = 5
PULLS_AGE_S = 0.5
GOAL_QUEUE = 16  # 80 ms at 200 Hz: after a stall only goals that may still count
FACTOR_WINDOW_S = 1.0
AMBIENT_C = 31.0  # a motor at rest
HEAT_C_PER_EFFORT2_S = 3.0  # first-order motor heating, only to make the display live
COOLING_PER_S = 0.05

_log = logging.getLogger(__name__)


class Schedule:
    """When a stream of ``rate_hz`` is due on the host clock; missed ticks are skipped."""

    def __init__(self, rate_hz: float, start_ns: int) -> None:
        self._period_ns = int(NS_PER_S / rate_hz)
        self._next_ns = start_ns

    def due(self, at_ns: int) -> bool:
        """Whether a sample is due at ``at_ns``; the next one is then scheduled."""
        if at_ns < self._next_ns:
            return False
        self._next_ns += self._period_ns
        if self._next_ns <= at_ns:
            self._next_ns = at_ns + self._period_ns
        return True


class HandWire:
    """The wire and the motor temperature of one simulated hand."""

    def __init__(self, context: ProcessContext, world: World, index: int) -> None:
        config = world.rig.hands[index]
        self._world, self._index = world, index
        self._goals = context.bus.subscriber(goal_spec(config), GOAL_QUEUE)
        self._feedback = context.bus.publisher(feedback_spec(config))
        self._temperature_c = AMBIENT_C
        self._effort_max = np.array([joint.effort_max for joint in config.spec.joints])

    def receive(self) -> None:
        """Hand every goal that arrived to the firmware."""
        world = self._world
        for sample in self._goals.drain():
            world.firmware[self._index].receive(
                sample.data, sample.stamp_ns, world.position(self._index)
            )

    def send(self, factor: float, step_s: float, at_ns: int) -> None:
        """Publish one feedback sample."""
        world, firmware = self._world, self._world.firmware[self._index]
        effort = world.effort(self._index)
        load = effort / self._effort_max
        heat = HEAT_C_PER_EFFORT2_S * float(load @ load) / len(load)
        cooling = COOLING_PER_S * (self._temperature_c - AMBIENT_C)
        self._temperature_c += step_s * (heat - cooling)
        out = self._feedback.lend()
        out[0] = world.position(self._index)
        out[1] = world.velocity(self._index)
        out[2] = effort
        out[3] = 0.0
        out[3, :4] = firmware.state, firmware.mode, self._temperature_c, factor
        self._feedback.publish(at_ns, world.time_ns)


class TouchWire:
    """Publishes the touch of one hand: taxels or pressures, and the force per fingertip."""

    def __init__(
        self, context: ProcessContext, rig: Rig, touch: TactileConfig, start_ns: int
    ) -> None:
        self.hand = [hand.side for hand in rig.hands].index(touch.side)
        spec = rig.hands[self.hand].spec
        self._pads = [i for i, pad in enumerate(spec.pads) if pad.kind == touch.kind]
        self._count = len(spec.pads)
        pads = [spec.pads[i] for i in self._pads]
        self._area_m2 = np.array([pad.size_m[0] * pad.size_m[1] for pad in pads])
        self._kind = touch.kind
        seed = context.session.seed
        force = rig.stream(f"{touch.side}/fingertip_force")
        self._force = context.bus.publisher(force)
        self._skin: Publisher | None = None
        if touch.kind == "taxels":
            self._skin = context.bus.publisher(rig.stream(f"{touch.side}/taxels"))
            self._array = TaxelArray(spec.pads)
            self._sensor = TactileSensor(touch.sensor, self._array.shape, seed)
        else:
            if touch.kind == "pressure":
                self._skin = context.bus.publisher(rig.stream(f"{touch.side}/fingertip_pressure"))
            self._sensor = TactileSensor(touch.sensor, (self._count, 3), seed)
        self.schedule = Schedule(force.rate_hz, start_ns)

    def send(self, contacts: PadContacts, at_ns: int, device_ns: int) -> None:
        """Publish one sample of every stream of this hand's touch."""
        if self._kind == "taxels":
            assert self._skin is not None
            taxels = self._sensor.measure(self._array.spread(contacts))[self._pads]
            self._skin.lend()[...] = taxels
            self._skin.publish(at_ns, device_ns)
            force = taxels.sum(axis=1)
        else:
            total = resultants(contacts, self._count)[:, :3]
            force = self._sensor.measure(total)[self._pads]
            if self._skin is not None:
                self._skin.lend()[...] = np.maximum(force[:, 2], 0.0) / self._area_m2
                self._skin.publish(at_ns, device_ns)
        self._force.lend()[...] = force
        self._force.publish(at_ns, device_ns)


class RealTimeFactor:
    """Simulated seconds per second over the last ``FACTOR_WINDOW_S``."""

    def __init__(self) -> None:
        self._marks: deque[tuple[int, int]] = deque()

    def update(self, at_ns: int, simulated_ns: int) -> float:
        """Take the two clocks and return the factor (1.0 until there is something to divide)."""
        if not self._marks or at_ns - self._marks[-1][0] >= 50_000_000:
            self._marks.append((at_ns, simulated_ns))
        while len(self._marks) > 2 and at_ns - self._marks[0][0] > FACTOR_WINDOW_S * NS_PER_S:
            self._marks.popleft()
        wall = at_ns - self._marks[0][0]
        return (simulated_ns - self._marks[0][1]) / wall if wall > 100_000_000 else 1.0


class WorldProcess:
    """The loop that owns the world, its wires and its streams."""

    def __init__(self, context: ProcessContext) -> None:
        rig = context.session.rig
        self._context, self._world = context, World(rig)
        bus, start_ns = context.bus, now_ns()
        self._hands = [HandWire(context, self._world, i) for i in range(len(rig.hands))]
        self._touch = [TouchWire(context, rig, touch, start_ns) for touch in rig.tactile]
        self._scene = bus.publisher(scene_spec(rig, self._world.model.nq))
        self._scene_due = Schedule(self._scene.spec.rate_hz, start_ns)
        self._objects = bus.publisher(rig.stream("world/objects"))
        self._objects_due = Schedule(self._objects.spec.rate_hz, start_ns)
        judged = self._world.judge is not None
        self._task = bus.publisher(rig.stream("world/task")) if judged else None
        self._task_due = Schedule(task_stream().rate_hz, start_ns)
        self._contacts = bus.publisher(pad_contact_spec(rig))
        self._contacts_due = Schedule(self._contacts.spec.rate_hz, start_ns)
        self._feedback_due = Schedule(feedback_spec(rig.hands[0]).rate_hz, start_ns)
        self._slow_due = Schedule(100.0, start_ns)
        self._pulls = bus.subscriber(rig.stream("operator/pulls"))
        self._pulls_ns = 0
        self._orders = bus.inbox("sim/control")
        self._factor = RealTimeFactor()
        self._message = ""
        self._resets = 0  # reset orders answered, refused ones included
        self._announce = False
        self._priority = raise_priority(real_time=5)
        self._step_ns = round(self._world.model.opt.timestep * 1e9)

    def run(self) -> None:
        """Step until asked to leave."""
        gc.collect()
        gc.freeze()
        deadline_ns = now_ns()
        while not self._context.should_stop:
            deadline_ns += self._step_ns
            at_ns = now_ns()
            if at_ns - deadline_ns > CATCH_UP_STEPS * self._step_ns:
                deadline_ns = at_ns  # too late to catch up: let simulated time fall behind
            elif at_ns < deadline_ns:
                time.sleep((deadline_ns - at_ns) / NS_PER_S)
            self._tick(now_ns())

    def _tick(self, at_ns: int) -> None:
        for hand in self._hands:
            hand.receive()
        if self._slow_due.due(at_ns):
            self._obey(at_ns)
        self._world.step(at_ns)
        factor = self._factor.update(at_ns, self._world.time_ns)
        if self._feedback_due.due(at_ns):
            for hand in self._hands:
                hand.send(factor, self._step_ns / 1e9, now_ns())
        self._publish_touch(at_ns)
        self._publish_scene(at_ns)
        announce, self._announce = self._announce, False
        judge = self._world.judge
        self._context.report(
            force=announce,
            resets=self._resets,
            real_time_factor=round(factor, 4),
            diverged=self._world.diverged,
            priority=self._priority,
            message=self._message,
            outcome="" if judge is None else judge.state.outcome,
            reason="" if judge is None else judge.state.reason,
        )

    def _obey(self, at_ns: int) -> None:
        for raw in self._orders.drain():
            try:
                order = SIM_ORDERS.validate_python(raw)
            except ValidationError as error:
                _log.warning("sim/control: order refused: %s", error.errors()[0]["msg"])
                continue
            if isinstance(order, ResetWorld):
                self._message = self._world.reset(order.seed)
                self._resets += 1
                self._announce = True
        sample = self._pulls.newest()
        if sample is not None:
            self._pulls_ns = sample.stamp_ns
            self._world.set_pulls(sample.data)
        elif self._pulls_ns and at_ns - self._pulls_ns > PULLS_AGE_S * NS_PER_S:
            self._pulls_ns = 0
            self._world.set_pulls(None)

    def _publish_touch(self, at_ns: int) -> None:
        due = [touch for touch in self._touch if touch.schedule.due(at_ns)]
        summary_due = self._contacts_due.due(at_ns)
        if not due and not summary_due:
            return
        contacts = self._world.contacts()
        for touch in due:
            touch.send(contacts[touch.hand], at_ns, self._world.time_ns)
        if summary_due:
            out: NDArray[np.float64] = self._contacts.lend()
            for index, found in enumerate(contacts):
                out[index] = resultants(found, out.shape[1])
            self._contacts.publish(at_ns, self._world.time_ns)

    def _publish_scene(self, at_ns: int) -> None:
        if self._scene_due.due(at_ns):
            self._scene.lend()[...] = self._world.data.qpos
            self._scene.publish(at_ns, self._world.time_ns)
        if self._objects_due.due(at_ns):
            self._objects.lend()[...] = self._world.object_poses()
            self._objects.publish(at_ns, self._world.time_ns)
        if self._task is not None and self._world.judge and self._task_due.due(at_ns):
            self._task.lend()[...] = self._world.judge.state.fields()
            self._task.publish(at_ns, self._world.time_ns)


def main(argv: list[str] | None = None) -> int:
    """Run the physics of a session until it ends."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    context = ProcessContext.from_command_line("world", argv)
    WorldProcess(context).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
