"""Orders, hands and sources under one supervisor."""

from __future__ import annotations

import numpy as np
import pytest
from support.fake_hand import FakeHand
from support.supervisor_bench import Bench
from support.supervisor_scenarios import QUICK, ready

from devices.clock import VirtualClock
from devices.messages import Arm, Enable, Heartbeat, Reset
from devices.requests import Source
from devices.rig import load_rig
from devices.supervision.gate import Command
from devices.supervision.states import State
from devices.supervision.supervisor import START_GRACE_NS, Supervisor
from devices.wire import HandMode


def events(bench: Bench, kind: str) -> list[dict]:
    return [event for event in bench.sup.events if event["event"] == kind]


def test_every_change_of_state_is_an_event_with_its_cause() -> None:
    bench = ready()
    bench.run(30)
    told = [(event["state"], event["cause"]) for event in events(bench, "state")]
    assert told == [
        ("HOLD", "enabled"),
        ("ACTIVE", "armed for scripted"),
        ("HOLD", "scripted is silent for 105 ms (limit 100 ms)"),
    ]


def test_a_refused_order_says_why() -> None:
    bench = Bench()
    bench.run(2)
    bench.order("arm", source="scripted", press_id=1)
    assert events(bench, "refused") == [
        {"event": "refused", "order": "arm", "reason": "the state is OFF, not HOLD"}
    ]
    refused = ("arm refused: the state is OFF, not HOLD", "program")
    assert bench.sup.cause(bench.now_ns) == refused
    bench.run(600)
    assert bench.sup.cause(bench.now_ns) == refused, "it can be read for 3 s"
    bench.run(400)
    assert bench.sup.cause(bench.now_ns) == ("", "program"), "it does not outstay its reason"
    assert len(events(bench, "refused")) == 1


def test_a_hold_nobody_ordered_keeps_its_cause_until_a_person_acts() -> None:
    bench = ready()
    bench.run(30)
    silent = bench.sup.cause(bench.now_ns)
    assert silent == ("scripted is silent for 105 ms (limit 100 ms)", "program")
    bench.run(1000)
    assert bench.sup.cause(bench.now_ns) == silent
    bench.order("arm", source="scripted", press_id=0)
    assert bench.sup.cause(bench.now_ns)[0].startswith("arm refused: press 0")
    bench.run(900)
    assert bench.sup.cause(bench.now_ns) == silent, "a refusal only covers it for a while"
    bench.order("hold")
    assert bench.sup.cause(bench.now_ns) == ("hold ordered", "person")


def test_the_cause_tells_a_persons_own_acts() -> None:
    bench = ready()
    assert bench.sup.cause(bench.now_ns) == ("armed for scripted", "person")
    bench.order("hold")
    assert bench.sup.cause(bench.now_ns) == ("hold ordered", "person")
    bench.order("stop", client="gui")
    assert bench.sup.cause(bench.now_ns) == ("STOP from gui", "person")
    bench.order("reset")
    assert bench.sup.cause(bench.now_ns) == ("reset after STOPPED", "person")


def test_a_hand_that_is_back_says_that_a_reset_will_do() -> None:
    bench = ready()
    bench.feeding = False
    bench.run(250)
    assert bench.state is State.FAULT
    bench.order("reset")
    cause, by = bench.sup.cause(bench.now_ns)
    assert cause.startswith("reset refused: right hand: no feedback, last one")
    assert cause.endswith("(limit 1.0 s)")
    bench.feeding = True
    bench.run(20)
    cause, by = bench.sup.cause(bench.now_ns)
    assert cause.startswith("reset refused")
    assert cause.endswith("; ready to reset")
    bench.run(1000)
    cause, by = bench.sup.cause(bench.now_ns)
    assert cause.startswith("right hand: no feedback")
    assert cause.endswith("; ready to reset")
    assert by == "program"
    bench.order("reset")
    assert bench.sup.cause(bench.now_ns) == ("reset after FAULT", "person")


def test_repeated_rejects_are_one_event_per_burst() -> None:
    bench = ready()
    for _ in range(40):
        bench.send(bench.pose(0.9), source=Source.POLICY, expect="authority")
        bench.run(1, bench.pose(0.3))
    assert len(events(bench, "reject")) == 1
    assert bench.sup.hands["right"].gate.rejects["authority"] == 40
    bench.run(240, bench.pose(0.3))
    bench.send(bench.pose(0.9), source=Source.POLICY, expect="authority")
    assert len(events(bench, "reject")) == 2


def test_a_source_gets_time_to_begin_and_nothing_moves_meanwhile() -> None:
    bench = Bench(QUICK)
    bench.start()
    before = bench.goal.copy()
    bench.run(START_GRACE_NS // 5_000_000)
    assert bench.state is State.ACTIVE
    assert np.array_equal(bench.goal, before)
    bench.run(2)
    assert bench.state is State.HOLD
    assert "sent no request within 5 s" in bench.sup.machine.cause


def test_a_restarted_source_needs_a_fresh_arm() -> None:
    bench = ready()
    bench.sup.source_restarted("right", Source.SCRIPTED)
    assert bench.state is State.HOLD
    bench.run(2)
    bench.arm()
    bench.seq = 0
    bench.run(5, bench.pose(0.3))
    assert bench.state is State.ACTIVE


def test_requested_is_what_was_asked_and_sent_is_what_was_allowed() -> None:
    bench = ready()
    before = bench.goal.copy()
    bench.run(2, bench.pose(0.9))
    hand = bench.sup.hands["right"]
    assert hand.requesting
    assert np.allclose(hand.gate.requested, bench.pose(0.9))
    assert np.abs(hand.sent - before).max() < 0.05


def test_nothing_is_requested_while_nobody_asks() -> None:
    bench = Bench(QUICK)
    bench.start()
    bench.run(3)
    assert not bench.sup.hands["right"].requesting


def test_takeover_does_not_jump() -> None:
    bench = ready()
    bench.run(20, bench.pose(0.6))
    speed = np.abs(bench.goals[-1] - bench.goals[-2]).max()
    assert speed > 0.001
    bench.arm("replay")
    bench.run(1)
    assert not bench.mode_was_sent
    assert np.abs(bench.goals[-1] - bench.goals[-2]).max() > 0.5 * speed


def test_readable_but_impossible_requests_count_as_shape() -> None:
    bench = ready()
    for _ in range(6):
        bench.sup.malformed_request("right", Source.SCRIPTED, bench.now_ns)
    bench.oracle.may_move = False
    bench.run(1)
    assert bench.sup.hands["right"].gate.rejects["shape"] == 6
    assert bench.state is State.HOLD


def test_warm_motors_are_reported_once() -> None:
    bench = ready()
    bench.hand.temperature_c = 58.0
    bench.run(10, bench.pose(0.3))
    assert events(bench, "warm") == [{"event": "warm", "side": "right", "temperature_c": 58.0}]
    assert bench.state is State.ACTIVE


def test_pose_of_a_reset_world_is_accepted_in_hold() -> None:
    bench = ready()
    bench.order("hold")
    bench.run(2)
    bench.hand.position = bench.pose(0.9)
    bench.oracle.judge = lambda *_: None
    bench.run(30)
    assert bench.state is State.HOLD
    assert np.allclose(bench.goal, bench.pose(0.9))


class TwoHands:
    """Both hands of the bimanual rig on one virtual clock."""

    def __init__(self) -> None:
        configs = load_rig("sim-bimanual").hands
        self.clock = VirtualClock()
        self.sup = Supervisor(configs)
        self.hands = {config.side: FakeHand(config) for config in configs}
        self.seq = 0
        self.run(2)
        self.sup.obey(Enable(), self.clock.now_ns())
        self.run(1)

    def run(self, ticks: int, sides: tuple[str, ...] = ()) -> None:
        """Let time pass while ``sides`` are driven."""
        for _ in range(ticks):
            now = self.clock.advance_ns(5_000_000)
            self.sup.obey(Heartbeat(client="gui", stamp_ns=now), now)
            for side in sides:
                self.request(side, now)
            for side, hand in self.hands.items():
                hand.advance(now)
                self.sup.feedback(side, hand.feedback(now))
            self.sup.tick(now)
            for side, hand in self.hands.items():
                control = self.sup.hands[side]
                if control.mode is not hand.mode:
                    hand.set_mode(control.mode)
                hand.write(control.sent)

    def request(self, side: str, now: int) -> None:
        self.seq += 1
        target = self.hands[side].spec.home[None].copy()
        epoch = self.sup.machine.epoch
        command = Command(Source.SCRIPTED, self.seq, now, epoch, np.array([now]), target)
        self.sup.request(side, command, now)

    def arm(self, press_id: int = 1) -> None:
        order = Arm(source="scripted", press_id=press_id, client="gui")
        self.sup.obey(order, self.clock.now_ns())


def test_fault_of_one_hand_stops_both_and_only_it_loses_its_torque() -> None:
    pair = TwoHands()
    pair.arm()
    pair.run(20, ("right", "left"))
    pair.hands["left"].fault = "overload"
    pair.run(1)
    assert pair.sup.machine.state is State.FAULT
    assert pair.hands["left"].mode is HandMode.OFF
    assert pair.hands["right"].mode is HandMode.HOLD
    pair.hands["right"].fault = "overload"
    pair.run(1)
    assert pair.hands["right"].mode is HandMode.OFF
    pair.hands["left"].fault = ""
    pair.sup.obey(Reset(), pair.clock.now_ns())
    pair.run(1)
    assert pair.sup.machine.state is State.FAULT


def test_one_hand_may_be_driven_while_the_other_rests() -> None:
    pair = TwoHands()
    pair.arm()
    pair.run(60, ("right",))
    assert pair.sup.machine.state is State.ACTIVE
    assert pair.sup.hands["right"].requesting
    assert not pair.sup.hands["left"].requesting


def test_silence_for_one_driven_hand_holds_both() -> None:
    pair = TwoHands()
    pair.arm()
    pair.run(10, ("right", "left"))
    pair.run(30, ("right",))
    assert pair.sup.machine.state is State.HOLD
    assert pair.hands["right"].mode is HandMode.HOLD


@pytest.mark.parametrize("source", ["scripted", "kinesthetic"])
def test_off_takes_the_torque_away(source: str) -> None:
    bench = Bench(QUICK)
    bench.start(source)
    bench.run(2)
    bench.order("off")
    bench.run(2)
    assert bench.state is State.OFF
    assert bench.hand.mode is HandMode.OFF


@pytest.mark.parametrize("kind", ["enable", "reset"])
def test_needless_orders_change_nothing(kind: str) -> None:
    bench = ready()
    permitted = bench.oracle.may_move
    bench.order(kind)
    bench.oracle.may_move = permitted
    bench.run(3, bench.pose(0.3))
    assert bench.state is State.ACTIVE
    assert bench.sup.machine.cause == "armed for scripted"
    assert not events(bench, "refused")
