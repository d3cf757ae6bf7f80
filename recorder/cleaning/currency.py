"""Whether a cleaned video is still what the present drawing, choices and program would make."""

from __future__ import annotations

from recorder.cleaning.facts import CleanedFacts
from recorder.cleaning.parameters import CleanParameters
from recorder.header import software_version

WORDS = {
    "dilation_px": "margin",
    "shadow_px": "shadow",
    "feather_px": "seam",
    "plate_frames": "plate pictures",
    "robot_sources": "robot pictures",
    "flow_reach": "flow reach",
    "object_layer": "moved objects",
    "replay": "replay",
    "rekey_below": "draw again under",
}


def outdated(facts: CleanedFacts, params: CleanParameters, drawn: str) -> tuple[str, ...]:
    """Why the video would be made anew by the next run, one sentence each; empty when it is not.

    Parameters
    ----------
    facts : CleanedFacts
        Of the video.
    params : CleanParameters
        What is saved for the camera and the task now.
    drawn : str
        Digest of what is drawn on the episode now.
    """
    found: list[str] = []
    if facts.drawn is not None and facts.drawn != drawn:
        found.append("older than what is drawn now; clean the episode again")
    if facts.parameter_source != "person":
        was, now = facts.parameters.model_dump(), params.model_dump()
        changes = [
            f"{WORDS.get(name, name)} {was[name]}, now {now[name]}"
            for name in now
            if was[name] != now[name]
        ]
        if changes:
            found.append(f"made with other choices than are saved now: {'; '.join(changes)}")
    if facts.program != software_version():
        found.append(
            f"made by version {facts.program} of the program; this is {software_version()}"
        )
    return tuple(found)
