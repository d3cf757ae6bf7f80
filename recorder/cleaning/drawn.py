"""What a person drew on pictures of an episode, kept beside its cleaned video.

``DATASET/cleaned/<uuid>/front.rgb.drawn.json`` holds the key frames; a new cleaning takes them as
key frames, or as hints for the automatic masks. The last changes are kept with them, so that a
drawing can be taken back later as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from recorder.cleaning.clip import CleanError
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.place import ResultPlace
from recorder.exporters.manifest import write_json

DRAWN_SCHEMA = "thenar.drawn/1"
STEPS_KEPT = 100
_KEYFRAMES = TypeAdapter(tuple[KeyFrame, ...])


class Step(BaseModel):
    """A way back: what one picture had before a change.

    Attributes
    ----------
    index : int
        Picture.
    key : KeyFrame or None
        None when nothing was drawn on it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    index: int
    key: KeyFrame | None


_STEPS = TypeAdapter(tuple[Step, ...])


def drawn_path(place: ResultPlace) -> Path:
    """Where what was drawn on an episode lies."""
    return place.folder / f"{place.stem}.drawn.json"


def load_drawn(place: ResultPlace) -> tuple[KeyFrame, ...]:
    """Key frames by picture; empty when nothing was drawn.

    Raises
    ------
    CleanError
        The file is damaged.
    """
    path = drawn_path(place)
    try:
        stored = json.loads(path.read_text())
        if stored["schema"] != DRAWN_SCHEMA:
            raise CleanError(f"'{path}' has schema '{stored['schema']}', not '{DRAWN_SCHEMA}'")
        return _KEYFRAMES.validate_python(stored["keyframes"])
    except FileNotFoundError:
        return ()
    except (ValidationError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CleanError(
            f"'{path}' is damaged ({type(error).__name__}); remove it and draw the operator again"
        ) from None


def load_steps(place: ResultPlace) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Ways back and forth that were kept with a drawing; none when they cannot be read."""
    try:
        stored = json.loads(drawn_path(place).read_text())
        return (
            _STEPS.validate_python(stored.get("back", ())),
            _STEPS.validate_python(stored.get("forth", ())),
        )
    except (ValidationError, OSError, ValueError, AttributeError):
        return (), ()


def save_drawn(
    place: ResultPlace,
    keyframes: Sequence[KeyFrame],
    back: Sequence[Step] = (),
    forth: Sequence[Step] = (),
) -> None:
    """Keep key frames, one per picture; of two of the same picture the later one.

    Parameters
    ----------
    place : ResultPlace
    keyframes : sequence of KeyFrame
    back, forth : sequences of Step
        Ways back and forth, the next one last; the last ones are kept.
    """
    by_picture = {one.index: one for one in keyframes}
    ordered = [by_picture[index].model_dump(mode="json") for index in sorted(by_picture)]
    place.folder.mkdir(parents=True, exist_ok=True)
    path = drawn_path(place)
    steps = {
        name: [step.model_dump(mode="json") for step in ways[-STEPS_KEPT:]]
        for name, ways in (("back", back), ("forth", forth))
    }
    write_json(path, {"schema": DRAWN_SCHEMA, "keyframes": ordered, **steps})


def drawn_digest(keyframes: Sequence[KeyFrame]) -> str:
    """SHA-256 of key frames; empty when there are none."""
    if not keyframes:
        return ""
    return hashlib.sha256(_KEYFRAMES.dump_json(tuple(keyframes))).hexdigest()
