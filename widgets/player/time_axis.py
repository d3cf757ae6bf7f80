"""Where an instant of the episode lies on the screen, and which instants are in view."""

from __future__ import annotations

from dataclasses import dataclass

from devices.clock import NS_PER_S

LEAST_WINDOW_NS = 50_000_000  # finer than any stream here is worth looking at
TICK_GAP_PX = 72
STEPS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


@dataclass(frozen=True)
class TimeAxis:
    """A stretch of time over a number of pixels.

    Attributes
    ----------
    start_ns, stop_ns : int
        What is in view, half-open, ns after the episode's first sample. It may reach beyond the
        episode where two episodes are compared.
    width_px : int
        Pixels it is drawn on.
    """

    start_ns: int
    stop_ns: int
    width_px: int

    @property
    def span_ns(self) -> int:
        """Length of what is in view."""
        return self.stop_ns - self.start_ns

    def x(self, time_ns: int) -> float:
        """Pixel of an instant, also outside the view."""
        return (time_ns - self.start_ns) * self.width_px / self.span_ns

    def time_ns(self, x: float) -> int:
        """Instant under a pixel."""
        return self.start_ns + round(x * self.span_ns / max(1, self.width_px))

    def shows(self, start_ns: int, stop_ns: int) -> bool:
        """Whether a stretch overlaps the view."""
        return start_ns < self.stop_ns and stop_ns > self.start_ns

    def shifted(self, by_ns: int) -> TimeAxis:
        """The same pixels over a stretch that lies ``by_ns`` later."""
        return TimeAxis(self.start_ns + by_ns, self.stop_ns + by_ns, self.width_px)

    def ticks(self) -> tuple[float, list[int]]:
        """Step in seconds and instants for the ruler, far enough apart for their figures."""
        least_s = self.span_ns / NS_PER_S * TICK_GAP_PX / max(1, self.width_px)
        step_s = next((step for step in STEPS_S if step >= least_s), STEPS_S[-1])
        step_ns = round(step_s * NS_PER_S)
        first = -(-self.start_ns // step_ns)
        return step_s, [n * step_ns for n in range(first, -(-self.stop_ns // step_ns))]


def zoomed(
    start_ns: int, stop_ns: int, factor: float, around_ns: int, duration_ns: int
) -> tuple[int, int]:
    """The view ``factor`` times as long, with ``around_ns`` at the same place, in the episode.

    Returns
    -------
    tuple of (int, int)
        New start and stop, ns, inside ``[0, duration_ns)`` and never shorter than
        ``LEAST_WINDOW_NS``.
    """
    span = stop_ns - start_ns
    wanted = min(duration_ns, max(min(LEAST_WINDOW_NS, duration_ns), round(span * factor)))
    share = min(1.0, max(0.0, (around_ns - start_ns) / max(1, span)))
    start = around_ns - round(share * wanted)
    start = min(max(0, start), duration_ns - wanted)
    return start, start + wanted


def clock_text(time_ns: int) -> str:
    """Minutes and seconds to the hundredth, rounded down: ``00:08.40``."""
    hundredths = max(0, time_ns) // 10_000_000
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"
