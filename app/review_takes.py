"""Reviewed episodes for the pictures of the documentation: taught by script, labelled by rule.

The scripted operator teaches a few takes in the simulated world. Two reviewers then say what the
forces show, the second one somewhat later, and once something else: there is something to settle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.headless import HeadlessDriver, Mode
from app.opening import open_session
from devices.clock import NS_PER_S
from recorder.catalogue import Catalogue
from recorder.dataset import Dataset, open_dataset
from recorder.overview.store import make_missing, overview_for
from recorder.review.labelling import Labeller
from recorder.review.schema import load_label_schemas, schema_for
from recorder.review.snapping import Playhead
from recorder.review.state import Change, LabelState, ReviewOutcome
from recorder.review.store import ReviewStore

Take = tuple[Mode, float, str, str]  # how, seconds, task, operator
TAKES: tuple[Take, ...] = (
    ("kinesthetic", 7.0, "pick-up-the-ball", "P01"),
    ("kinesthetic", 8.0, "pick-up-the-ball", "P02"),
    ("exoskeleton", 7.0, "pick-up-the-ball", "P01"),
    ("kinesthetic", 6.0, "pick-up-the-ball", "P02"),
    ("exoskeleton", 11.0, "pick-up-the-ball", "P01"),
    ("kinesthetic", 6.0, "pinch-the-cylinder", "P02"),
)
SAID: tuple[tuple[ReviewOutcome, int], ...] = (
    ("success", 4),
    ("success", 5),
    ("qualified_success", 3),
    ("failure", 2),
)  # by the first reviewer; the other episodes are still to be reviewed
LATER_NS = 180_000_000  # the second reviewer's boundaries
GRASP_NS = 500_000_000  # from the first touch until the object moves with the hand
RELEASE_NS = 300_000_000  # from the first finger that opens until the last one lets go

Intent = Callable[[LabelState], Change | None]


def make_reviewed_dataset(root: Path) -> Dataset:
    """Record ``TAKES`` in the simulated world and label most of them.

    Parameters
    ----------
    root : Path
        Folder of the dataset, made when absent. Needs a display for the simulated cameras.

    Raises
    ------
    SessionError
        When the simulated rig does not start or a take is not published.
    """
    record_takes(root, TAKES)
    dataset = open_dataset(root)
    review_takes(dataset)
    return dataset


def record_takes(root: Path, takes: Sequence[Take]) -> None:
    """Let the scripted operator teach ``takes`` in the simulated world; raises as above."""
    with open_session("sim-xhand", root) as session:
        driver = HeadlessDriver(session)
        driver.wait_ready()
        for seed, (mode, seconds, task, who) in enumerate(takes):
            driver.record(
                mode,
                seconds,
                seed=seed,
                task=task,
                instruction=task.replace("-", " "),
                operator_code=who,
            )


def review_takes(dataset: Dataset) -> None:
    """Let R1 and R2 say what ``SAID`` holds about the first episodes."""
    make_missing(dataset)
    rows = Catalogue(dataset).rows()
    for place, (row, (outcome, quality)) in enumerate(zip(rows, SAID, strict=False)):
        labels = Labels(dataset, row.uuid, dataset.root / row.path, row.task)
        labels.say("R1", outcome, quality, 0)
        other = "failure" if place == len(SAID) // 2 else outcome
        labels.say("R2", other, max(1, quality - place % 2), LATER_NS if place % 2 == 0 else 0)


class Labels:
    """Labels that follow from the contacts of one episode.

    Parameters
    ----------
    dataset : Dataset
    uuid, task : str
        Of the episode.
    path : Path
        Its file.
    """

    def __init__(self, dataset: Dataset, uuid: str, path: Path, task: str) -> None:
        self._dataset, self._uuid = dataset, uuid
        self._schema = schema_for(load_label_schemas(dataset.root), task)
        overview = overview_for(dataset, path)
        self._length_ns = round(overview.duration_s * NS_PER_S)
        self._candidates = overview.candidates

    def say(self, reviewer: str, outcome: ReviewOutcome, quality: int, later_ns: int) -> None:
        """Label and accept the episode as ``reviewer``, phases ``later_ns`` after the touches."""
        hand = Labeller(self._schema, self._length_ns, self._candidates)
        review = ReviewStore(self._dataset, reviewer).open(self._uuid, self._schema)
        for intent in self._intents(hand, outcome, quality, later_ns):
            change = intent(review.state)
            if change is not None:
                review.apply(change)
        review.publish()
        review.close()

    def _intents(
        self, hand: Labeller, outcome: ReviewOutcome, quality: int, later_ns: int
    ) -> list[Intent]:
        length_ns = self._length_ns
        first_ns = min((one.start_ns for one in self._candidates), default=length_ns // 2)
        last_ns = max((one.stop_ns for one in self._candidates), default=length_ns * 3 // 4)
        begins_ns = {
            "reach": length_ns // 10,
            "grasp": first_ns,
            "manipulate": first_ns + GRASP_NS,
            "release": max(last_ns - RELEASE_NS, first_ns + 2 * GRASP_NS),
        }
        intents: list[Intent] = [lambda state: hand.outcome(state, outcome)]
        if outcome == "failure":
            intents.append(lambda state: hand.failure_mode(state, 2))
        intents.append(lambda state: hand.quality(state, quality))
        for name, at_ns in begins_ns.items():
            at = Playhead(min(at_ns + later_ns, length_ns - 1))
            intents.append(lambda state, name=name, at=at: hand.phase(state, name, at, snap=False))
        for one in self._candidates[:3]:
            intents.append(lambda state, one=one: hand.contacts.confirm_one(state, one))
        end = Playhead(min(last_ns + GRASP_NS, length_ns - 1))
        intents.append(lambda state: hand.trim_stop(state, end))
        intents.append(hand.accept)
        return intents
