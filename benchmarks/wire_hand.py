"""The far end of a hand's wire without physics: first-order joints at 500 Hz.

``python -m benchmarks.wire_hand --session FILE`` stands in for the physics world where a benchmark
must not pay for physics: it reads goals and answers with feedback, like a real hand's firmware.
"""

from __future__ import annotations

import sys
import threading

import numpy as np

from devices.clock import now_ns
from devices.process import ProcessContext, raise_priority
from devices.wire import Firmware, HandMode, feedback_spec, goal_spec

RATE_HZ = 500.0
TIME_CONSTANT_S = 0.03


def main(argv: list[str] | None = None) -> int:
    """Answer every hand of the rig until the session ends."""
    context = ProcessContext.from_command_line("world", argv)
    raise_priority(real_time=5)
    bus, hands = context.bus, context.session.rig.hands
    goals = [bus.subscriber(goal_spec(hand), 4) for hand in hands]
    feedback = [bus.publisher(feedback_spec(hand)) for hand in hands]
    position = [hand.spec.home.copy() for hand in hands]
    target = [pose.copy() for pose in position]
    mode = [HandMode.OFF for _ in hands]
    period_ns = int(1e9 / RATE_HZ)
    share = 1.0 - np.exp(-1.0 / (RATE_HZ * TIME_CONSTANT_S))
    pause = threading.Event()
    start_ns = due_ns = now_ns()
    while not context.should_stop:
        for index in range(len(hands)):
            goal = goals[index].newest()
            if goal is not None:
                mode[index] = HandMode(int(goal.data[0]))
                target[index] = goal.data[2:]
            before = position[index].copy()
            if mode[index] == HandMode.POSITION:
                position[index] += (target[index] - position[index]) * share
            rows = np.zeros((4, position[index].size))
            rows[0], rows[1] = position[index], (position[index] - before) * RATE_HZ
            rows[3, :4] = (Firmware.READY, mode[index], 30.0, 1.0)
            at_ns = now_ns()
            feedback[index].send(rows, at_ns, at_ns - start_ns)
        context.report()
        due_ns += period_ns
        pause.wait(max(0.0, (due_ns - now_ns()) / 1e9))
    return 0


if __name__ == "__main__":
    sys.exit(main())
