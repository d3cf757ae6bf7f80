"""Blind double review: who reviews which episode, in which order, seeing what.

One file per dataset, ``DATASET/reviews/assignment.json``, made from a seed and frozen. Episodes
recorded later are dealt behind it (``extend``); whatever takes its place sets it aside under the
time it was made.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from recorder.dataset import Dataset
from recorder.durability import fsync_path
from recorder.review.journal import ADJUDICATOR, is_reviewer, reviews_dir
from recorder.review.store import read_state

HIDDEN_FACTS = frozenset({"outcome", "operator_code", "notes", "condition"})


class AssignmentError(ValueError):
    """An assignment cannot be made or read; the message is one clear sentence."""


class Assignment(BaseModel):
    """Who reviews what.

    Attributes
    ----------
    seed : int
        Everything random here follows from it, the reviewers and the episodes.
    reviewers : tuple of str
        Their codes.
    reviewers_per_episode : int
        How many see each episode.
    blind : bool
        Whether the facts of ``HIDDEN_FACTS`` and each other's labels are hidden.
    created : str
        UTC, ISO 8601.
    order : mapping of str to tuple of str
        By reviewer, the episodes (identities) in the order they are to be seen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["thenar.assignment/1"] = "thenar.assignment/1"
    seed: int
    reviewers: tuple[str, ...] = Field(min_length=1)
    reviewers_per_episode: int = Field(ge=1)
    blind: bool = True
    created: str
    order: Mapping[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _is_complete(self) -> Assignment:
        if set(self.order) != set(self.reviewers):
            raise ValueError("order names other reviewers than reviewers does")
        return self

    def queue(self, reviewer: str) -> tuple[str, ...]:
        """Episodes of ``reviewer`` in their order; none for someone without a part in it."""
        return self.order.get(reviewer, ())

    def hides_from(self, reviewer: str) -> bool:
        """Whether ``reviewer`` reviews blind."""
        return self.blind and reviewer in self.reviewers

    def reviewers_of(self, uuid: str) -> tuple[str, ...]:
        """Who reviews an episode."""
        return tuple(r for r in self.reviewers if uuid in self.order[r])


def assign(
    uuids: Iterable[str],
    reviewers: Sequence[str],
    reviewers_per_episode: int = 2,
    seed: int = 0,
    blind: bool = True,
    created: str = "",
) -> Assignment:
    """Deal episodes to reviewers.

    Every reviewer gets the same number of episodes, give or take one; pairs that have met less
    often meet first; each reviewer's order is a permutation of its own. The same arguments give
    the same assignment, in whatever order the episodes come.

    Parameters
    ----------
    uuids : iterable of str
        Identities of the episodes.
    reviewers : sequence of str
        Codes.
    reviewers_per_episode : int
        At most the number of reviewers.
    seed : int
        Of everything random.
    created : str
        UTC, ISO 8601; now by default.

    Raises
    ------
    AssignmentError
        When a code is none or doubled, or there are too few reviewers.
    """
    _refuse_unusable(reviewers, reviewers_per_episode)
    nobody = Assignment(
        seed=seed,
        reviewers=tuple(reviewers),
        reviewers_per_episode=reviewers_per_episode,
        blind=blind,
        created=created,
        order=dict.fromkeys(reviewers, ()),
    )
    return extend(nobody, uuids, created)


def extend(assignment: Assignment, uuids: Iterable[str], created: str = "") -> Assignment:
    """Deal the episodes that are new to an assignment; what was dealt before stays as it is.

    New episodes come after the old ones in each reviewer's order, loads stay balanced over both,
    and the same episodes in the same steps give the same assignment.
    """
    known = {uuid for queue in assignment.order.values() for uuid in queue}
    chance = random.Random(f"{assignment.seed}:{len(known)}")
    added = sorted(set(uuids) - known)
    chance.shuffle(added)
    queues = {reviewer: list(assignment.order[reviewer]) for reviewer in assignment.reviewers}
    met = _meetings(assignment)
    for uuid in added:
        chosen: list[str] = []
        for _ in range(assignment.reviewers_per_episode):
            chosen.append(_next_reviewer(queues, met, chosen, chance))
        met.update(frozenset(pair) for pair in combinations(chosen, 2))
        for reviewer in chosen:
            queues[reviewer].append(uuid)
    for reviewer, queue in queues.items():
        dealt = len(assignment.order[reviewer])
        rest = queue[dealt:]
        random.Random(f"{assignment.seed}:{len(known)}:{reviewer}").shuffle(rest)
        queue[dealt:] = rest
    return assignment.model_copy(
        update={
            "created": created or datetime.now(UTC).isoformat(timespec="milliseconds"),
            "order": {reviewer: tuple(queue) for reviewer, queue in queues.items()},
        }
    )


def save_assignment(dataset: Dataset, assignment: Assignment, replace: bool = False) -> Path:
    """Write the assignment of a dataset; returns its file.

    Raises
    ------
    AssignmentError
        When there is one already and ``replace`` is False; with it, the old one is set aside.
    """
    path = _path(dataset)
    with dataset.locked():
        if path.exists():
            if not replace:
                raise AssignmentError(
                    f"'{path}' exists and reviewers work by it; deal new episodes with --extend "
                    "or set it aside with --replace"
                )
            made = "".join(c for c in _load(path).created if c.isalnum())
            aside = path.with_name(f"assignment-{made}.json")
            shutil.copyfile(path, aside)  # a kill leaves an assignment: without one, all is seen
            fsync_path(aside)
        path.parent.mkdir(exist_ok=True)
        part = path.with_name(".assignment.json.part")
        part.write_text(json.dumps(assignment.model_dump(mode="json"), indent=1) + "\n")
        fsync_path(part)
        part.replace(path)
        fsync_path(path.parent)
    return path


def load_assignment(dataset: Dataset) -> Assignment | None:
    """The assignment of a dataset; None without one. Raises ``AssignmentError`` when damaged."""
    path = _path(dataset)
    return _load(path) if path.exists() else None


def visible_facts(
    attributes: Mapping[str, Any], assignment: Assignment | None, reviewer: str
) -> dict[str, Any]:
    """What a reviewer may see of an episode's attributes.

    In a blind assignment the operator's verdict, code and notes (where a study's condition
    stands) are left out for everyone who reviews; the adjudicator and others see everything.
    """
    if assignment is None or not assignment.hides_from(reviewer):
        return dict(attributes)
    return {name: value for name, value in attributes.items() if name not in HIDDEN_FACTS}


def may_see_others(
    dataset: Dataset, assignment: Assignment | None, reviewer: str, uuid: str
) -> bool:
    """Whether ``reviewer`` may see the others' labels of an episode.

    In a blind assignment only once everyone who reviews the episode has accepted it.
    """
    if assignment is None or not assignment.hides_from(reviewer):
        return True
    states = [read_state(dataset, name, uuid) for name in assignment.reviewers_of(uuid)]
    return all(state is not None and state.accepted for state in states)


def _next_reviewer(
    queues: Mapping[str, list[str]],
    met: Counter[frozenset[str]],
    chosen: Sequence[str],
    chance: random.Random,
) -> str:
    """Who has least to do; among those, who met the ones already chosen least often; else chance.

    Choosing the least loaded keeps all loads within one of each other.
    """
    free = [name for name in queues if name not in chosen]
    least = min(len(queues[name]) for name in free)
    ready = [name for name in free if len(queues[name]) == least]
    meetings = {name: sum(met[frozenset((name, other))] for other in chosen) for name in ready}
    fewest = min(meetings.values())
    return chance.choice([name for name in ready if meetings[name] == fewest])


def _meetings(assignment: Assignment) -> Counter[frozenset[str]]:
    """How many episodes each pair of reviewers shares."""
    met: Counter[frozenset[str]] = Counter()
    for one, two in combinations(assignment.reviewers, 2):
        met[frozenset((one, two))] = len(set(assignment.order[one]) & set(assignment.order[two]))
    return met


def _refuse_unusable(reviewers: Sequence[str], reviewers_per_episode: int) -> None:
    for reviewer in reviewers:
        if not is_reviewer(reviewer):
            raise AssignmentError(
                f"reviewer '{reviewer}' is not a code of 1 to 32 letters, digits, '_' and '-' "
                f"other than '{ADJUDICATOR}'"
            )
    if len(set(reviewers)) < len(reviewers):
        raise AssignmentError(f"a reviewer is named twice in {', '.join(reviewers)}")
    if not 1 <= reviewers_per_episode <= len(reviewers):
        raise AssignmentError(
            f"{reviewers_per_episode} reviewers per episode need at least as many reviewers, "
            f"got {len(reviewers)}; name more with --reviewers"
        )


def _path(dataset: Dataset) -> Path:
    return reviews_dir(dataset) / "assignment.json"


def _load(path: Path) -> Assignment:
    try:
        return Assignment.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise AssignmentError(
            f"'{path}' is damaged ({first['msg']}); restore it or assign again with --replace"
        ) from None
