"""The 16 servos of a LEAP hand in SI units: registers below, radians and newton metres above.

Order everywhere is by servo ID: index 0-3, middle 4-7, ring 8-11, thumb 12-15, which is the joint
order of the hand model. A joint at 0 rad stands at 180 degrees of its servo. Register addresses:
ROBOTIS e-manual, X series; start values: the LEAP hand's published set-up.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.drivers.dynamixel_bus import DynamixelBus, WireError
from devices.hand_driver import DeviceError

RETURN_DELAY, OPERATING_MODE = 9, 11  # EEPROM: 9 return delay, 10 drive mode, 11 operating mode
TORQUE_ENABLE, HARDWARE_ERROR = 64, 70
GAINS_D_I_P = 80
BUS_WATCHDOG = 98
GOAL_CURRENT, GOAL_POSITION = 102, 116
PRESENT_CURRENT = 126  # current 2, velocity 4, position 4 bytes
PRESENT_VOLTAGE = 144  # voltage 2, temperature 1 byte

MODELS = {1240: "XC330-M288", 1200: "XL330-M288"}
CURRENT_BASED_POSITION = 5
WATCHDOG_UNIT_MS = 20
WATCHDOG_TRIPPED = 0xFF
COUNTS_PER_RAD = 4096 / (2 * math.pi)
RAD_PER_S_PER_COUNT = 0.229 * 2 * math.pi / 60  # 0.229 rpm
AMPERE_PER_COUNT = 0.001  # XC330 and XL330; the XH series differs
TORQUE_NM_PER_A = 0.93 / 1.8  # data sheet: 0.93 N m stall torque at 1.8 A
ZERO_OFFSET_RAD = math.pi
CURRENT_CAP_MA = 550  # the strongest published LEAP setting
GAIN_P, GAIN_I, GAIN_D = 600, 0, 200
SIDE_JOINT_GAIN = 0.75  # of the sideways joints 0, 4, 8
SIDE_JOINTS = (0, 4, 8)
REBOOT_S = 1.0
HARDWARE_FAULTS = {
    0x01: "voltage",
    0x04: "overheat",
    0x08: "encoder",
    0x10: "shock",
    0x20: "overload",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """Joint state of one packet, ``(J,)`` float64 each: rad, rad/s, N m; ``alert`` per servo."""

    position: NDArray[np.float64]
    velocity: NDArray[np.float64]
    effort: NDArray[np.float64]
    alert: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Torque:
    """Which servos are powered, and their hardware error bits; ``(J,)`` uint8 each."""

    enabled: NDArray[np.uint8]
    hardware_error: NDArray[np.uint8]


class LeapServos:
    """Speaks to the servos; used by the driver's I/O thread only.

    Parameters
    ----------
    bus : DynamixelBus
        The bus they sit on.
    count : int
        Number of servos; IDs are ``0 .. count - 1``.
    current_limit_ma : float
        Largest motor current, mA.
    watchdog_ms : float
        Silence after which the servos stop by themselves, ms; rounded up to 20 ms steps.
    """

    def __init__(
        self, bus: DynamixelBus, count: int, current_limit_ma: float, watchdog_ms: float
    ) -> None:
        if not 0 < current_limit_ma <= CURRENT_CAP_MA:
            raise DeviceError(
                f"option current_limit_ma = {current_limit_ma:g} is outside 0 to {CURRENT_CAP_MA} "
                "mA; use 350 for LEAP Lite or up to 550 for the full hand"
            )
        if not WATCHDOG_UNIT_MS <= watchdog_ms <= 127 * WATCHDOG_UNIT_MS:
            raise DeviceError(
                f"option bus_watchdog_ms = {watchdog_ms:g} is outside {WATCHDOG_UNIT_MS} to "
                f"{127 * WATCHDOG_UNIT_MS} ms; the usual value is 100"
            )
        self.ids = list(range(count))
        self._bus = bus
        self._current_ma = round(current_limit_ma)
        self._watchdog_units = math.ceil(watchdog_ms / WATCHDOG_UNIT_MS)
        self._pwm_too = False

    def fingerprint(self) -> str:
        """Ping every servo and return the hand's description.

        Raises
        ------
        DeviceError
            When a servo is missing or of the wrong model; all of them are named.
        """
        missing: list[int] = []
        found: dict[int, int] = {}
        for servo_id in self.ids:
            try:
                found[servo_id] = self._twice(lambda one=servo_id: self._bus.ping(one))
            except WireError:
                missing.append(servo_id)
        wrong = [f"{one} is model {model}" for one, model in found.items() if model not in MODELS]
        if missing or wrong:
            parts = [f"servo IDs {missing} do not answer"] if missing else []
            parts += [f"wrong servos: {', '.join(wrong)}"] if wrong else []
            known = ", ".join(f"{name} ({model})" for model, name in MODELS.items())
            raise DeviceError(
                f"LEAP hand on '{self._bus.path}' at {self._bus.baud} baud: {'; '.join(parts)}; "
                f"expected {len(self.ids)} servos of {known}: "
                "check power, cables, baud rate and IDs"
            )
        kinds = sorted({MODELS[model] for model in found.values()})
        return f"{len(found)} x {', '.join(kinds)}"

    def configure(self) -> None:
        """Torque off, then modes, gains and current; the bus watchdog is armed last."""
        self.torque(False)
        for servo_id in self.ids:
            self._configure_eeprom(servo_id)
        scale = np.where(np.isin(self.ids, SIDE_JOINTS), SIDE_JOINT_GAIN, 1.0)
        gains = np.column_stack([GAIN_D * scale, np.full(len(scale), GAIN_I), GAIN_P * scale])
        self._write(GAINS_D_I_P, gains.round().astype("<u2"))
        self.limit_current(1.0)
        self.arm_watchdog()
        rows, _ = self._twice(lambda: self._bus.fast_sync_read(self.ids, GAINS_D_I_P, 6))
        if not np.array_equal(rows.view("<u2"), gains.round()):
            raise DeviceError(
                f"LEAP hand on '{self._bus.path}': gains read back differ; power-cycle it"
            )

    def _configure_eeprom(self, servo_id: int) -> None:
        """Write EEPROM only where it differs: its cells wear out."""
        wanted = bytes([0, 0, CURRENT_BASED_POSITION])  # no return delay, normal direction, mode 5
        present = self._twice(lambda: self._bus.read(servo_id, RETURN_DELAY, 3))
        for offset, (old, new) in enumerate(zip(present, wanted, strict=True)):
            if old != new:
                address, data = RETURN_DELAY + offset, bytes([new])
                self._twice(lambda at=address, data=data: self._bus.write(servo_id, at, data))

    def sample(self) -> Reading:
        """Read the joint state once; raises ``WireError`` rather than return a doubtful value.

        Two request shapes alternate (with and without the PWM value in front), so that a reply
        that comes one period late has the wrong length and is refused.
        """
        extra = 2 if self._pwm_too else 0
        self._pwm_too = not self._pwm_too
        rows, alert = self._bus.fast_sync_read(self.ids, PRESENT_CURRENT - extra, 10 + extra)
        rows = rows[:, extra:]
        current = np.ascontiguousarray(rows[:, 0:2]).view("<i2").ravel()
        velocity = np.ascontiguousarray(rows[:, 2:6]).view("<i4").ravel()
        position = np.ascontiguousarray(rows[:, 6:10]).view("<i4").ravel()
        return Reading(
            position / COUNTS_PER_RAD - ZERO_OFFSET_RAD,
            velocity * RAD_PER_S_PER_COUNT,
            current * (AMPERE_PER_COUNT * TORQUE_NM_PER_A),
            alert,
        )

    def write_goals(self, position_rad: NDArray[np.float64]) -> None:
        """Send all goal positions, ``(J,)`` rad, in one packet."""
        counts = np.rint((position_rad + ZERO_OFFSET_RAD) * COUNTS_PER_RAD).astype("<i4")
        self._write(GOAL_POSITION, counts)

    def torque(self, on: bool) -> None:
        """Power or release all motors, in one packet."""
        self._write(TORQUE_ENABLE, np.full(len(self.ids), int(on), np.uint8))

    def limit_current(self, fraction: float) -> None:
        """Set the goal current of all motors to ``fraction`` of the limit."""
        current = round(self._current_ma * fraction)
        self._write(GOAL_CURRENT, np.full(len(self.ids), current, "<i2"))

    def arm_watchdog(self) -> None:
        """Clear the bus watchdog if it has tripped, and arm it."""
        self._write(BUS_WATCHDOG, np.zeros(len(self.ids), np.uint8))
        self._write(BUS_WATCHDOG, np.full(len(self.ids), self._watchdog_units, np.uint8))

    def disarm_watchdog(self) -> None:
        """Switch the bus watchdog off, for a hand that is left alone without torque."""
        self._write(BUS_WATCHDOG, np.zeros(len(self.ids), np.uint8))

    def watchdog_tripped(self) -> list[int]:
        """IDs of the servos whose bus watchdog has stopped them."""
        rows, _ = self._bus.fast_sync_read(self.ids, BUS_WATCHDOG, 6)
        return [one for one, row in zip(self.ids, rows, strict=True) if row[0] == WATCHDOG_TRIPPED]

    def torque_state(self) -> Torque:
        """Which servos are powered and what hardware errors they report."""
        span = HARDWARE_ERROR - TORQUE_ENABLE + 1
        rows, _ = self._bus.fast_sync_read(self.ids, TORQUE_ENABLE, span)
        return Torque(rows[:, 0], rows[:, -1])

    def temperatures_c(self) -> NDArray[np.uint8]:
        """Motor temperatures ``(J,)``, degrees Celsius."""
        rows, _ = self._bus.fast_sync_read(self.ids, PRESENT_VOLTAGE, 3)
        return rows[:, 2]

    def reboot(self, ids: list[int]) -> None:
        """Restart ``ids``, which clears their hardware errors, and wait until all answer."""
        for servo_id in ids:
            self._bus.reboot(servo_id)
        deadline = time.monotonic() + REBOOT_S
        waiting = list(ids)
        while waiting:
            try:
                self._bus.ping(waiting[0])
            except WireError:
                if time.monotonic() > deadline:
                    raise
            else:
                waiting.pop(0)

    def _write(self, address: int, values: NDArray) -> None:
        rows = np.ascontiguousarray(values).reshape(len(self.ids), -1).view(np.uint8)
        self._bus.sync_write(self.ids, address, rows)

    @staticmethod
    def _twice(exchange):
        """Run an exchange of the set-up, once more if its reply is lost."""
        try:
            return exchange()
        except WireError:
            return exchange()


def hardware_fault(bits: int) -> str:
    """Name of the most telling hardware error among ``bits``."""
    for bit, name in HARDWARE_FAULTS.items():
        if bits & bit:
            return name
    return "hardware"
