"""One emulated XC330-M288 servo: its control table, its motor and its own safety.

Ladder of the servo's own safety: no instruction for longer than the bus watchdog -> it stops where
it is and refuses goals until 0 is written to the watchdog; too hot or overloaded -> torque off and
the alert bit in every status packet until a reboot.

The motor is a first-order lag with a velocity limit; current follows the position error and heats
it. Registers, sizes and defaults: ROBOTIS e-manual, X series, XC330-M288.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MODEL_NUMBER = 1240  # XC330-M288
FIRMWARE = 52
COUNTS_PER_TURN = 4096
TICKS_PER_WATCHDOG_UNIT_NS = 20_000_000
WATCHDOG = 98
WATCHDOG_TRIPPED = 0xFF

OK, RANGE_ERROR, LENGTH_ERROR, ACCESS_ERROR, ALERT = 0, 4, 5, 7, 0x80
OVERHEAT, OVERLOAD = 0x04, 0x20

AMBIENT_C = 25.0
HEATING_C_PER_A2_S = 8.0  # about 60 C of steady rise at 350 mA stall
COOLING_PER_S = 1.0 / 60.0
LAG_S = 0.03
COUNTS_PER_S_MAX = 8.48 / (2 * math.pi) * COUNTS_PER_TURN  # 8.48 rad/s, the LEAP joint
MA_PER_COUNT = 2.0  # stiffness of the position loop at the LEAP gains
OVERLOAD_S = 4.0  # full current without motion for this long is an overload
BOOT_NS = 80_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """A control table item: writable or not, its limits and its value after a reset."""

    size: int
    default: int = 0
    writable: bool = True
    lowest: int | None = None
    highest: int | None = None


ITEMS: dict[int, Item] = {
    0: Item(2, MODEL_NUMBER, writable=False),
    6: Item(1, FIRMWARE, writable=False),
    7: Item(1, 1, lowest=0, highest=252),
    8: Item(1, 1, lowest=0, highest=6),
    9: Item(1, 250, lowest=0, highest=254),
    10: Item(1, 0),
    11: Item(1, 3, lowest=0, highest=16),
    12: Item(1, 255),
    13: Item(1, 2, lowest=1, highest=2),
    20: Item(4, 0),
    24: Item(4, 10),
    31: Item(1, 70, lowest=0, highest=100),
    32: Item(2, 70),
    34: Item(2, 35),
    36: Item(2, 885),
    38: Item(2, 2352, lowest=0, highest=2352),
    44: Item(4, 445),
    48: Item(4, 4095),
    52: Item(4, 0),
    63: Item(1, 52),
    64: Item(1, 0, lowest=0, highest=1),
    65: Item(1, 0),
    68: Item(1, 2, lowest=0, highest=2),
    69: Item(1, 0, writable=False),
    70: Item(1, 0, writable=False),
    76: Item(2, 1920),
    78: Item(2, 160),
    80: Item(2, 0, lowest=0, highest=16383),
    82: Item(2, 0, lowest=0, highest=16383),
    84: Item(2, 900, lowest=0, highest=16383),
    88: Item(2, 0),
    90: Item(2, 0),
    98: Item(1, 0, lowest=0, highest=127),
    100: Item(2, 885),
    102: Item(2, 2352, lowest=-2352, highest=2352),
    104: Item(4, 0),
    108: Item(4, 0),
    112: Item(4, 0),
    116: Item(4, 2048),
    120: Item(2, 0, writable=False),
    122: Item(1, 0, writable=False),
    123: Item(1, 0, writable=False),
    124: Item(2, 0, writable=False),
    126: Item(2, 0, writable=False),
    128: Item(4, 0, writable=False),
    132: Item(4, 2048, writable=False),
    136: Item(4, 0, writable=False),
    140: Item(4, 0, writable=False),
    144: Item(2, 50, writable=False),
    146: Item(1, int(AMBIENT_C), writable=False),
}
SIGNED = frozenset({20, 100, 102, 104, 116, 124, 126, 128, 132})
GOALS = range(100, 120)
RAM_START = 64
_WRITABLE = frozenset(
    byte
    for start, item in ITEMS.items()
    if item.writable
    for byte in range(start, start + item.size)
)


class Servo:
    """One servo. Not thread-safe: the chain calls it from one thread.

    Attributes
    ----------
    blocked : bool
        The joint hits something: it does not move whatever the current.
    silent : bool
        The servo does not answer (broken cable).
    temperature_c : float
        Motor temperature; set it to make the motor hot.
    """

    def __init__(
        self, servo_id: int, position: int = 2048, model_number: int = MODEL_NUMBER
    ) -> None:
        self.servo_id = servo_id
        self.table = bytearray(256)
        self.blocked = False
        self.silent = False
        self.temperature_c = AMBIENT_C
        self.position = float(position)
        self._boot_until_ns = 0
        self._stalled_s = 0.0
        self._reset(0)
        self.set(0, model_number)
        self.set(7, servo_id)
        self.set(116, position)
        self._publish(0.0, 0.0)

    def get(self, address: int) -> int:
        """Value of the item at ``address``."""
        size = ITEMS[address].size
        raw = self.table[address : address + size]
        return int.from_bytes(raw, "little", signed=address in SIGNED)

    def set(self, address: int, value: int) -> None:
        """Set the item at ``address``, past every access rule."""
        size = ITEMS[address].size
        self.table[address : address + size] = (value & (256**size - 1)).to_bytes(size, "little")

    @property
    def torque_on(self) -> bool:
        """Whether the motor is powered."""
        return self.table[64] == 1

    @property
    def watchdog_tripped(self) -> bool:
        """Whether the bus watchdog has stopped the servo."""
        return self.table[98] == WATCHDOG_TRIPPED

    @property
    def alert_bit(self) -> int:
        """The hardware alert bit of every status packet."""
        return ALERT if self.table[70] else 0

    def answers(self, at_ns: int) -> bool:
        """Whether the servo hears the bus at ``at_ns``: not silent and not booting."""
        return not self.silent and at_ns >= self._boot_until_ns

    def write(self, address: int, data: bytes) -> int:
        """Write ``data`` under the servo's access rules and return the error number."""
        span = range(address, address + len(data))
        if any(byte not in _WRITABLE for byte in span):
            return ACCESS_ERROR
        if address < RAM_START and self.torque_on:
            return ACCESS_ERROR
        if self.watchdog_tripped and any(byte in GOALS for byte in span):
            return RANGE_ERROR
        if self.watchdog_tripped and WATCHDOG in span and data[WATCHDOG - address] != 0:
            return RANGE_ERROR
        for start, item in ITEMS.items():
            if start in span and start + item.size <= span.stop:
                raw = data[start - address : start - address + item.size]
                value = int.from_bytes(raw, "little", signed=start in SIGNED)
                too_low = item.lowest is not None and value < item.lowest
                too_high = item.highest is not None and value > item.highest
                if too_low or too_high:
                    return RANGE_ERROR
            elif start < span.stop and span.start < start + item.size:
                return LENGTH_ERROR
        if 64 in span and data[64 - address] and self.table[70]:
            return ACCESS_ERROR
        self.table[address : address + len(data)] = data
        if 64 in span and not self.torque_on:
            self._stalled_s = 0.0
        return OK

    def reboot(self, at_ns: int) -> None:
        """Restart: RAM back to its defaults, alert cleared, deaf while booting."""
        self._reset(RAM_START)
        self.set(116, round(self.position))
        self._boot_until_ns = at_ns + BOOT_NS
        self._publish(0.0, 0.0)

    def step(self, dt_s: float, silence_ns: int) -> None:
        """Advance motor, heat and watchdog by ``dt_s`` after ``silence_ns`` without packets."""
        watchdog = self.table[98]
        if 0 < watchdog < 128 and silence_ns > watchdog * TICKS_PER_WATCHDOG_UNIT_NS:
            self.table[98] = WATCHDOG_TRIPPED
            self.set(116, round(self.position))
        velocity, current_ma = 0.0, 0.0
        if self.torque_on:
            velocity, current_ma = self._drive(dt_s)
        self.temperature_c += dt_s * (
            HEATING_C_PER_A2_S * (current_ma / 1000) ** 2
            - COOLING_PER_S * (self.temperature_c - AMBIENT_C)
        )
        self._protect(dt_s, velocity, current_ma)
        self._publish(velocity, current_ma)

    def _drive(self, dt_s: float) -> tuple[float, float]:
        error = self.get(116) - self.position
        ceiling = abs(self.get(102)) if self.table[11] in (0, 5) else 2352
        current_ma = max(-ceiling, min(ceiling, MA_PER_COUNT * error))
        if self.blocked or ceiling == 0 or self.get(84) == 0 or dt_s <= 0:
            return 0.0, current_ma
        step = error * (1 - math.exp(-dt_s / LAG_S))
        reach = COUNTS_PER_S_MAX * dt_s
        step = max(-reach, min(reach, step))
        self.position += step
        return step / dt_s, current_ma

    def _protect(self, dt_s: float, velocity: float, current_ma: float) -> None:
        straining = abs(current_ma) > 300 and abs(velocity) < 10
        self._stalled_s = self._stalled_s + dt_s if straining else 0.0
        if self.temperature_c > self.table[31]:
            self.trip(OVERHEAT)
        if self._stalled_s > OVERLOAD_S:
            self.trip(OVERLOAD)

    def trip(self, error_bits: int) -> None:
        """Raise a hardware error; torque goes off if the shutdown mask says so."""
        self.table[70] |= error_bits
        if self.table[63] & error_bits:
            self.table[64] = 0

    def _publish(self, velocity_counts_s: float, current_ma: float) -> None:
        self.set(126, round(current_ma))
        self.set(128, round(velocity_counts_s / COUNTS_PER_TURN * 60 / 0.229))
        self.set(132, round(self.position))
        self.set(146, min(255, round(self.temperature_c)))

    def _reset(self, start: int) -> None:
        for address, item in ITEMS.items():
            if address >= start:
                self.set(address, item.default)
