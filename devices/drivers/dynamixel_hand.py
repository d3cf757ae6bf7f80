"""LEAP hand over Dynamixel protocol 2.0. Protocol-tested, not hardware-tested.

Degradation ladder, mildest first; each step works without the one before it:

1. a reply is missing or damaged -> counted, nothing is published, ``read`` returns None;
2. a motor is warm (60 C) -> half the current; hot (65 C) -> torque off, fault ``overheat``;
3. no ``write`` for 150 ms while following goals -> the joints hold where they are, fault
   ``watchdog``; 1 s later, or as long without ``write`` in ``HOLD``, torque off (back-drivable);
4. this process is dead or stopped -> the servos' own bus watchdog (register 98, 100 ms) stops the
   joints where they are and refuses goals; reported as fault ``watchdog`` once somebody listens;
5. a servo's own shutdown (overload, heat, voltage) -> it drops its torque and says so in every
   packet; fault named after it, torque of the whole hand off; mode ``OFF`` restarts the servo;
6. the port is gone -> ``read`` raises ``DeviceError`` until it is back. A hand that comes back is
   set up anew without torque; it never moves before the next ``set_mode``.

Faults of steps 3 and 4 are cleared by the next ``set_mode``. Serial traffic runs in a thread of its
own at the hand's control rate, so ``read``, ``write`` and ``set_mode`` never wait for the wire.
``COMPLIANT`` is the same as ``OFF``: LEAP fingers turn freely without torque.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus
from devices.clock import now_ns
from devices.drivers.dynamixel_bus import DynamixelBus, PortGoneError, WireError
from devices.drivers.leap_servos import LeapServos, Reading, hardware_fault
from devices.hand_driver import DeviceError, HandFeedback
from devices.hands.spec import HandSpec
from devices.rig import HandConfig
from devices.session_file import SessionFile
from devices.wire import HandMode

LOG = logging.getLogger(__name__)

DEFAULT_BAUD = 4_000_000
DEFAULT_CURRENT_MA = 350  # LEAP Lite
DEFAULT_WATCHDOG_MS = 100
DEFAULT_SILENCE_MS = 150
FREE_AFTER_NS = 1_000_000_000  # of further silence: torque off
WARM_C, COOLED_C, HOT_C = 60, 57, 65  # servo shutdown at 70: derate at -10, stop at -5
WARM_CURRENT = 0.5
HEALTH_EVERY = 10  # one health register per this many cycles
RECONNECT_S = 0.25
SET_UP_TRIES = 3
EMULATOR_START_S = 5.0
POWERED = (HandMode.POSITION, HandMode.HOLD)


def emulated_port(session: SessionFile, side: str) -> Path:
    """Where the emulator of ``session`` puts the terminal of the hand on ``side``."""
    return session.runtime_dir / f"tty-{side}"


class DynamixelHand:
    """Driver of one LEAP hand; see the module's ladder.

    Parameters
    ----------
    config : HandConfig
        ``port``, and the options ``baud``, ``current_limit_ma``, ``bus_watchdog_ms``,
        ``command_silence_ms``.
    bus : Bus
        Unused: a real hand has a wire of its own.
    session : SessionFile
        Tells whether to speak to the emulator.
    """

    def __init__(self, config: HandConfig, bus: Bus | None, session: SessionFile) -> None:
        self._config = config
        self._emulate = session.emulate
        port = str(emulated_port(session, config.side)) if session.emulate else config.port
        options = config.options
        if config.wrist != "fixed":
            raise DeviceError(
                f"{config.side} hand: wrist '{config.wrist}' needs an arm, which a LEAP hand has "
                "not; set 'wrist: fixed' in the rig file"
            )
        self._wire = DynamixelBus(port, int(options.get("baud", DEFAULT_BAUD)))
        self._servos = LeapServos(
            self._wire,
            config.spec.size,
            float(options.get("current_limit_ma", DEFAULT_CURRENT_MA)),
            float(options.get("bus_watchdog_ms", DEFAULT_WATCHDOG_MS)),
        )
        self._silence_ns = round(1e6 * float(options.get("command_silence_ms", DEFAULT_SILENCE_MS)))
        self._lock = threading.Lock()
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None
        self._kind = ""
        self._forget()

    def _forget(self) -> None:
        self._newest: HandFeedback | None = None
        self._order: HandMode | None = None
        self._target: NDArray[np.float64] | None = None
        self._written_ns = now_ns()
        self._mode = HandMode.OFF
        self._fault = ""
        self._why = ""
        self._gone = ""
        self._temperature_c: float | None = None
        self._derated = False
        self._cycles = 0

    @property
    def spec(self) -> HandSpec:
        """Names, order, units and limits of the hand."""
        return self._config.spec

    @property
    def wire_errors(self) -> dict[str, int]:
        """Unusable replies so far, by kind: ``timeout``, ``corrupt``, ``status``."""
        return dict(self._wire.errors)

    def open(self) -> None:
        """Connect, check every servo, set them up without torque and start to read.

        Raises
        ------
        DeviceError
            Naming the port, its owner, or the servos that are missing or wrong.
        """
        self.close()
        self._leave.clear()
        self._forget()
        self._await_emulator()
        try:
            first = self._connect()
        except (WireError, PortGoneError) as error:
            self._wire.close()
            raise DeviceError(f"{self._config.side} hand: {error}; switch it off and on") from error
        except DeviceError:
            self._wire.close()
            raise
        self._publish(first)
        self._thread = threading.Thread(
            target=self._run, name=f"{self._config.side} LEAP wire", daemon=True
        )
        self._thread.start()

    def read(self) -> HandFeedback | None:
        """Return the newest feedback, or None when nothing new came.

        Raises
        ------
        DeviceError
            While the port is gone.
        """
        if self._gone:
            raise DeviceError(self._gone)
        self._require_open()
        with self._lock:
            newest, self._newest = self._newest, None
        return newest

    def set_mode(self, mode: HandMode) -> None:
        """Order ``mode``; the I/O thread enters it in its next cycle at the measured pose."""
        self._require_open()
        with self._lock:
            self._order = mode
            self._target = None
            self._written_ns = now_ns()

    def write(self, target: NDArray[np.float64]) -> None:
        """Set the joint goals ``(J,)``, rad; obeyed in ``POSITION``, always a sign of life."""
        goals = np.array(target, np.float64)
        if goals.shape != (self.spec.size,) or not np.isfinite(goals).all():
            raise ValueError(
                f"{self._config.side} hand: goals of shape {goals.shape} refused; "
                f"expected {self.spec.size} finite numbers"
            )
        self._require_open()
        with self._lock:
            self._target = goals
            self._written_ns = now_ns()

    def _require_open(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            raise DeviceError(f"{self._config.side} hand: the driver is not running; open it again")

    def close(self) -> None:
        """Torque off, port free; safe to call twice."""
        self._leave.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=3.0)
        self._wire.close()

    # --- the I/O thread ----------------------------------------------------------------

    def _run(self) -> None:
        period_s = 1.0 / self._config.control_rate_hz
        due_s = time.monotonic()
        while not self._leave.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + period_s, time.monotonic())
            try:
                if self._gone:
                    self._reconnect()
                else:
                    self._cycle()
            except WireError as error:
                LOG.debug("%s hand: %s", self._config.side, error)
            except PortGoneError as error:
                self._lose(str(error))
            if self._gone:
                due_s = time.monotonic() + RECONNECT_S
        self._release()

    def _cycle(self) -> None:
        self._obey()
        reading = self._servos.sample()
        self._cycles += 1
        if self._cycles % HEALTH_EVERY == 0 or reading.alert.any():
            self._check_health(reading)
        self._publish(reading)
        self._check_owner(reading)
        with self._lock:
            target = self._target if self._mode is HandMode.POSITION else None
            self._target = None if target is not None else self._target
        if target is not None and not self._fault:
            self._servos.write_goals(np.clip(target, self.spec.lower, self.spec.upper))

    def _obey(self) -> None:
        """Enter the ordered mode; an order whose exchange fails is tried again next cycle."""
        with self._lock:
            order = self._order
        if order is None:
            return
        self._fault = self._why = ""
        if order in POWERED:
            self._power(order)
        else:
            self._servos.torque(False)
            self._mode = order
            self._restart_tripped()
            self._servos.arm_watchdog()
        with self._lock:
            if self._order is order:
                self._order = None

    def _power(self, mode: HandMode) -> None:
        """Torque on at the measured pose, with the bus watchdog cleared first."""
        servos = self._servos
        self._check_heat()
        if self._fault:
            return
        servos.arm_watchdog()
        servos.write_goals(servos.sample().position)
        servos.torque(True)
        state = servos.torque_state()
        self._mode = mode
        if not state.enabled.all():
            off = np.flatnonzero(state.enabled == 0).tolist()
            self._stop("torque", f"servos {off} refuse torque; switch the hand off and on")

    def _restart_tripped(self) -> None:
        state = self._servos.torque_state()
        tripped = [int(one) for one in np.flatnonzero(state.hardware_error)]
        if tripped:
            LOG.warning("%s hand: restarting servos %s", self._config.side, tripped)
            self._servos.reboot(tripped)
            self._servos.configure()
            self._derated = False

    def _check_health(self, reading: Reading) -> None:
        """One health register in turn; all of them when a servo raises its alert bit."""
        turn = (self._cycles // HEALTH_EVERY) % 3
        if turn == 0 or reading.alert.any():
            state = self._servos.torque_state()
            for servo_id in np.flatnonzero(state.hardware_error):
                name = hardware_fault(int(state.hardware_error[servo_id]))
                self._stop(name, f"servo {servo_id} shut down: {name}; let it rest, then reset")
        if turn == 1:
            tripped = self._servos.watchdog_tripped()
            if tripped:
                self._latch("watchdog", f"servos {tripped} heard nothing in time and stopped")
        if turn == 2:
            self._check_heat()

    def _check_heat(self) -> None:
        temperatures = self._servos.temperatures_c()
        hottest = int(temperatures.argmax())
        celsius = self._temperature_c = float(temperatures[hottest])
        if celsius >= HOT_C:
            self._stop(
                "overheat", f"servo {hottest} at {celsius:.0f} C (limit {HOT_C} C); let it cool"
            )
        warm = celsius >= (COOLED_C if self._derated else WARM_C)
        if warm != self._derated:
            self._servos.limit_current(WARM_CURRENT if warm else 1.0)
            self._derated = warm

    def _check_owner(self, reading: Reading) -> None:
        if self._mode not in POWERED:
            return
        with self._lock:
            silence_ns = now_ns() - self._written_ns
        if silence_ns > self._silence_ns + FREE_AFTER_NS:
            self._stop("watchdog", f"no sign of life for {silence_ns / 1e9:.1f} s: torque off")
        elif silence_ns > self._silence_ns and self._mode is HandMode.POSITION:
            self._servos.write_goals(reading.position)
            self._mode = HandMode.HOLD
            self._latch("watchdog", f"no goal for {silence_ns / 1e6:.0f} ms: holding")

    def _stop(self, fault: str, why: str) -> None:
        self._servos.torque(False)
        self._mode = HandMode.OFF
        self._latch(fault, why)

    def _latch(self, fault: str, why: str) -> None:
        if fault != self._fault:
            LOG.warning("%s hand: %s", self._config.side, why)
        self._fault, self._why = fault, why

    def _publish(self, reading: Reading) -> None:
        feedback = HandFeedback(
            stamp_ns=now_ns(),
            device_stamp_ns=None,
            position=reading.position,
            velocity=reading.velocity,
            effort=reading.effort,
            temperature_c=self._temperature_c,
            fault=self._fault,
            detail=self._detail(),
        )
        with self._lock:
            self._newest = feedback

    def _detail(self) -> str:
        if self._why:
            return self._why
        errors = self.wire_errors
        kinds = ", ".join(f"{count} {kind}" for kind, count in errors.items())
        counted = f"{sum(errors.values())} wire errors" + (f" ({kinds})" if kinds else "")
        compliant = ", free to move by hand (no torque)" if self._mode not in POWERED else ""
        warm = ", warm: half current" if self._derated else ""
        return f"{self._kind}{compliant}{warm}, {counted}"

    # --- the port ----------------------------------------------------------------------

    def _connect(self) -> Reading:
        """Set the servos up without torque and return their first reading."""
        self._wire.open()
        self._kind = self._servos.fingerprint()
        for _ in range(SET_UP_TRIES - 1):
            try:
                self._servos.configure()
                return self._servos.sample()
            except WireError as error:
                LOG.info("%s hand: set-up begins anew: %s", self._config.side, error)
        self._servos.configure()
        return self._servos.sample()

    def _lose(self, why: str) -> None:
        LOG.warning("%s hand: %s", self._config.side, why)
        self._wire.close()
        self._mode = HandMode.OFF
        with self._lock:
            self._newest = self._order = self._target = None
        self._gone = f"{self._config.side} hand: unplugged ({why}); plug it in again, then reset"

    def _reconnect(self) -> None:
        try:
            self._connect()
        except (DeviceError, WireError, PortGoneError) as error:
            LOG.debug("%s hand: %s", self._config.side, error)
            self._wire.close()
            return
        LOG.info("%s hand: back on its port, without torque", self._config.side)
        self._fault = self._why = self._gone = ""
        self._derated = False

    def _release(self) -> None:
        """The safe action: no torque, and the watchdog off so that nothing trips later."""
        try:
            self._servos.torque(False)
            self._servos.disarm_watchdog()
        except (WireError, PortGoneError) as error:
            LOG.warning("%s hand: left to its bus watchdog: %s", self._config.side, error)

    def _await_emulator(self) -> None:
        if not self._emulate or self._kind:
            return
        deadline = time.monotonic() + EMULATOR_START_S
        while not Path(self._wire.path).exists() and time.monotonic() < deadline:
            self._leave.wait(0.02)
