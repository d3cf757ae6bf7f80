"""What a person drew on pictures of an episode, kept beside its cleaned video.

``DATASET/cleaned/<uuid>/front.rgb.drawn.json`` holds the key frames; a new cleaning takes them as
key frames, or as hints for the automatic masks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from recorder.cleaning.clip import CleanError
from recorder.cleaning.masks.keyframes import KeyFrame
from recorder.cleaning.place import ResultPlace
from recorder.exporters.manifest import write_json

DRAWN_SCHEMA = "thenar.drawn/1"
_KEYFRAMES = TypeAdapter(tuple[KeyFrame, ...])


def load_drawn(place: ResultPlace) -> tuple[KeyFrame, ...]:
    """Key frames by picture; empty when nothing was drawn.

    Raises
    ------
    CleanError
        The file is damaged.
    """
    path = place.folder / f"{place.stem}.drawn.json"
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


def save_drawn(place: ResultPlace, keyframes: Sequence[KeyFrame]) -> None:
    """Keep key frames, one per picture; of two of the same picture the later one."""
    by_picture = {one.index: one for one in keyframes}
    ordered = [by_picture[index].model_dump(mode="json") for index in sorted(by_picture)]
    place.folder.mkdir(parents=True, exist_ok=True)
    path = place.folder / f"{place.stem}.drawn.json"
    write_json(path, {"schema": DRAWN_SCHEMA, "keyframes": ordered})


def drawn_digest(keyframes: Sequence[KeyFrame]) -> str:
    """SHA-256 of key frames; empty when there are none."""
    if not keyframes:
        return ""
    return hashlib.sha256(_KEYFRAMES.dump_json(tuple(keyframes))).hexdigest()
