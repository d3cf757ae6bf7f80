"""The window's side of a running session: heartbeat, status strip, problems, place of STOP."""

from __future__ import annotations

import os

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from app.controls import CLIENT
from app.session import Session
from devices.clock import NS_PER_S, now_ns
from widgets.status_strip import StatusStrip

STATUS_LIMIT_S = 2.0


class SessionWatch:
    """Follows a session for its window, whichever workspace is shown.

    Parameters
    ----------
    session : Session
        The running session.
    window : QWidget
        The window; its place and visibility matter to the STOP listener.
    strip : StatusStrip
        Where states are shown and sentences said.
    """

    def __init__(self, session: Session, window: QWidget, strip: StatusStrip) -> None:
        self._session, self._window, self._strip = session, window, strip
        self._places = session.bus.outbox("stop/place")
        self._operator_error = ""
        self._told_deaf = False

    def follow(self) -> None:
        """Send the heartbeat and show the newest status; called ten times a second."""
        session, strip = self._session, self._strip
        session.supervisor.heartbeat(CLIENT)
        session.poll()
        at_ns = now_ns()
        while session.problems:
            strip.show_message(session.problems.popleft(), "bad")
        self._report_operator()
        hand, disk = session.supervisor.status, session.recorder.status
        if hand is None or (at_ns - hand.stamp_ns) / NS_PER_S > STATUS_LIMIT_S:
            strip.set_supervisor(None)
            strip.set_real_time_factor(None)
        else:
            strip.set_supervisor(hand.state, hand.authority, hand.cause)
            strip.set_real_time_factor(hand.real_time_factor)
        strip.set_disk_minutes(disk.disk_minutes if disk else None)
        strip.set_recording(disk.episode if disk and disk.state == "recording" else None)

    def _report_operator(self) -> None:
        """Say why a script or a replay ended, and when the STOP listener cannot listen."""
        status = self._session.operator.status
        error = status.error if status else ""
        if error and error != self._operator_error:
            self._strip.show_message(error, "warn")
        self._operator_error = error
        listener = self._session.health.get("stop", {})
        if listener.get("listening") is False and not self._told_deaf:
            self._told_deaf = True
            self._strip.show_message(
                "STOP works through this window only: raw keys cannot be heard here "
                f"({listener.get('reason', 'no X display')}).",
                "warn",
            )

    def publish_stop_place(self) -> None:
        """Tell the STOP listener where the button is, in pixels of the screen."""
        window, button = self._window, self._strip.stop_button
        corner = button.mapToGlobal(QPoint(0, 0))
        scale = window.devicePixelRatioF()
        visible = window.isVisible() and not window.isMinimized()
        rect = (
            [corner.x(), corner.y(), button.width(), button.height()] if visible else [0, 0, 0, 0]
        )
        self._places.send(
            {
                "rect": [round(value * scale) for value in rect],
                "window": int(window.winId()),
                "pid": os.getpid(),
            }
        )
