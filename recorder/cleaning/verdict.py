"""What people said about a cleaned video: accepted, or to be done again. Append-only.

A verdict belongs to the content it was given for (its digest), so a video made again is proposed
again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recorder.cleaning.clip import CleanError
from recorder.cleaning.place import ResultPlace
from recorder.dataset import append_label

CleanState = Literal["proposed", "accepted", "redo"]
WORDS: dict[str, CleanState] = {
    "made": "proposed",
    "accepted": "accepted",
    "redo": "redo",
    "withdrawn": "proposed",  # the verdict before it was taken back
}
EVENTS: dict[CleanState, str] = {"accepted": "accepted", "redo": "redo", "proposed": "withdrawn"}


@dataclass(frozen=True)
class Verdict:
    """The newest word on a cleaned video.

    Attributes
    ----------
    state : str
        ``proposed``, ``accepted`` or ``redo``.
    who, when, note : str
        Empty while nobody said anything; ``when`` is ISO 8601, UTC.
    """

    state: CleanState = "proposed"
    who: str = ""
    when: str = ""
    note: str = ""


def read_verdict(journal: Path, digest: str) -> Verdict:
    """Newest verdict on the content ``digest``; lines that are none are passed over."""
    verdict = Verdict()
    if not journal.exists():
        return verdict
    for line in journal.read_bytes().splitlines():
        try:
            event = json.loads(line)
            state = WORDS[event["event"]]
            if event["digest"] != digest:
                continue
            verdict = Verdict(
                state,
                str(event.get("who", "")),
                str(event.get("wall_time", "")),
                str(event.get("note", "")),
            )
        except (ValueError, KeyError, TypeError):
            continue
    return verdict


def note_made(place: ResultPlace, digest: str, who: str = "") -> None:
    """Write down that a video was made."""
    append_label(place.journal, event="made", digest=digest, who=who)


def say(place: ResultPlace, digest: str, state: CleanState, who: str, note: str = "") -> Verdict:
    """Accept a cleaned video, ask for it to be made again, or take the verdict back (``proposed``).

    Returns
    -------
    Verdict
        The new one.

    Raises
    ------
    CleanError
        ``state`` is none of these, or the journal cannot be written.
    """
    if state not in EVENTS:
        raise CleanError(f"'{state}' is no verdict; say accepted, redo or proposed")
    try:
        append_label(place.journal, event=EVENTS[state], digest=digest, who=who, note=note)
    except OSError as error:
        raise CleanError(f"'{place.journal}' cannot be written: {error.strerror}") from error
    return read_verdict(place.journal, digest)
