"""The preview without operator in Record: a process that comes and goes with a key.

Nothing depends on it. Killed, it is started again a few times like every process of the session,
and then given up; the take, the hand and the other pictures never notice.
"""

from __future__ import annotations

from collections.abc import Callable

from app.session import ProcessPlan, Session
from app.workspaces.camera_panel import CameraPanel
from recorder.cleaning.live_stream import NAME, preview_source, preview_stream
from widgets.preview_tile import PreviewTile

DOUBT = "Much of the picture differs: did the camera or the light move? Shown as recorded."
MUCH_DOUBT = 0.3  # of the last pictures

PLAN = ProcessPlan(NAME, "recorder.cleaning.live_process", grace_s=2.0, optional=True)


class LivePreview:
    """Turns the preview on and off and shows it.

    Parameters
    ----------
    session : Session
        The running session.
    cameras : CameraPanel
        Where the preview appears.
    say : callable
        Receives a sentence and its importance.
    """

    def __init__(
        self, session: Session, cameras: CameraPanel, say: Callable[[str, str], None]
    ) -> None:
        self._session, self._cameras, self._say = session, cameras, say
        self._source = preview_source(session.rig)
        self.tile: PreviewTile | None = None
        self.on = False

    def toggle(self) -> None:
        """Begin the preview, or end it."""
        if self._source is None:
            self._say(
                "This rig has no colour camera that stands; a carried camera is cleaned after "
                "the take, in Clean.",
                "warn",
            )
            return
        self.on = not self.on
        if self.on:
            self._session.begin(PLAN)
            camera = self._source.name.split("/")[0]
            title = f"{camera}, preview without operator"
            self.tile = self._cameras.show_preview(preview_stream(self._source), title)
            self._say("Preview without operator: on. The recording is not changed by it.", "info")
        else:
            self._session.dismiss(NAME)  # the window must not wait for it
            self._cameras.hide_preview()
            self._say("Preview without operator: off.", "info")

    @property
    def rate_hz(self) -> float:
        """Pictures a second, as the preview says."""
        return float(self._session.health.get(NAME, {}).get("rate_hz", 0.0))

    def refresh(self, at_ns: int) -> None:
        """Follow the passing of time; ten times a second."""
        if self.tile is None or not self.on:
            return
        self.tile.refresh(at_ns)
        doubtful = float(self._session.health.get(NAME, {}).get("doubtful", 0.0))
        self.tile.set_doubt(DOUBT if doubtful > MUCH_DOUBT else "")
        if not self._session.runs(NAME):
            self.on = False
            self._cameras.hide_preview()
            self._say("The preview ended by itself; the recording goes on.", "warn")
