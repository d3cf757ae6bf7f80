"""Blind double review: balanced, repeatable, and nothing hidden is seen."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reviewing import UUID, new_dataset, open_review, setting

from recorder.dataset import Dataset
from recorder.review.assignment import (
    AssignmentError,
    assign,
    extend,
    load_assignment,
    may_see_others,
    save_assignment,
    visible_facts,
)
from recorder.review.audit import audit_trail

EPISODES = [f"{number:032x}" for number in range(60)]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return new_dataset(tmp_path)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 40),
    reviewers=st.integers(1, 6),
    per_episode=st.integers(1, 6),
    seed=st.integers(0, 2**31),
)
def test_every_episode_has_its_reviewers_and_everyone_the_same_load(
    count: int, reviewers: int, per_episode: int, seed: int
) -> None:
    per_episode = min(per_episode, reviewers)
    names = [f"R{number}" for number in range(reviewers)]
    made = assign(EPISODES[:count], names, per_episode, seed)
    loads = [len(made.queue(name)) for name in names]
    assert max(loads) - min(loads) <= 1
    assert all(len(set(made.queue(name))) == len(made.queue(name)) for name in names)
    assert all(len(made.reviewers_of(uuid)) == per_episode for uuid in EPISODES[:count])


def test_pairs_meet_about_as_often_as_each_other() -> None:
    names = ["R1", "R2", "R3", "R4"]
    made = assign(EPISODES, names, 2, seed=7)
    met = [len(set(made.queue(one)) & set(made.queue(two))) for one, two in combinations(names, 2)]
    assert sum(met) == 60
    assert max(met) - min(met) <= 2


def test_the_seed_alone_decides_and_everyone_has_an_order_of_their_own() -> None:
    made = assign(EPISODES, ["R1", "R2"], 2, seed=7, created="t")
    assert made == assign(reversed(EPISODES), ["R1", "R2"], 2, seed=7, created="t")
    assert made.order != assign(EPISODES, ["R1", "R2"], 2, seed=8, created="t").order
    assert set(made.queue("R1")) == set(made.queue("R2")) == set(EPISODES)
    assert made.queue("R1") != made.queue("R2")
    assert made.queue("R1") != tuple(EPISODES)
    assert made.queue("somebody") == ()


@settings(max_examples=30, deadline=None)
@given(first=st.integers(0, 30), reviewers=st.integers(2, 5), seed=st.integers(0, 100))
def test_later_episodes_come_behind_and_keep_the_balance(
    first: int, reviewers: int, seed: int
) -> None:
    names = [f"R{number}" for number in range(reviewers)]
    made = assign(EPISODES[:first], names, 2, seed)
    longer = extend(made, EPISODES, "later")
    assert longer == extend(made, EPISODES, "later")
    for name in names:
        assert longer.queue(name)[: len(made.queue(name))] == made.queue(name)
    loads = [len(longer.queue(name)) for name in names]
    assert max(loads) - min(loads) <= 1
    assert all(len(longer.reviewers_of(uuid)) == 2 for uuid in EPISODES)
    assert extend(longer, EPISODES).order == longer.order


@pytest.mark.parametrize(
    ("reviewers", "per_episode", "words"),
    [
        (["R1"], 2, "2 reviewers per episode"),
        (["R1", "R1"], 1, "named twice"),
        (["Jane Doe", "R1"], 1, "is not a code"),
        (["adjudicated", "R1"], 1, "other than 'adjudicated'"),
        ([], 1, "reviewers"),
        (["R1"], 0, "0 reviewers per episode"),
    ],
)
def test_an_impossible_assignment_is_refused(
    reviewers: list[str], per_episode: int, words: str
) -> None:
    with pytest.raises(AssignmentError, match=words):
        assign(EPISODES, reviewers, per_episode)


def test_an_assignment_is_made_once_and_the_old_one_is_kept(dataset: Dataset) -> None:
    assert load_assignment(dataset) is None
    first = assign(EPISODES, ["R1", "R2"], seed=1)
    path = save_assignment(dataset, first)
    assert load_assignment(dataset) == first
    second = assign(EPISODES, ["R1", "R2"], seed=2)
    with pytest.raises(AssignmentError, match="--replace"):
        save_assignment(dataset, second)
    assert load_assignment(dataset) == first
    save_assignment(dataset, second, replace=True)
    assert load_assignment(dataset) == second
    assert len(list(path.parent.glob("assignment-*.json"))) == 1
    path.write_text("{}")
    with pytest.raises(AssignmentError, match="is damaged"):
        load_assignment(dataset)


def test_blind_reviewers_do_not_see_verdict_operator_or_condition() -> None:
    facts = {"task": "t", "outcome": "success", "operator_code": "P01", "notes": "condition B"}
    blind = assign(EPISODES, ["R1", "R2"])
    assert visible_facts(facts, blind, "R1") == {"task": "t"}
    assert visible_facts(facts, blind, "adjudicated") == facts
    assert visible_facts(facts, None, "R1") == facts
    assert visible_facts(facts, assign(EPISODES, ["R1", "R2"], blind=False), "R1") == facts


def test_labels_of_others_are_hidden_until_all_have_accepted(dataset: Dataset) -> None:
    blind = assign([UUID], ["R1", "R2", "R3"], 2, seed=3)
    first, second = blind.reviewers_of(UUID)
    assert not may_see_others(dataset, blind, first, UUID)
    open_review(dataset, first).apply(setting("accepted", True))
    assert not may_see_others(dataset, blind, first, UUID)
    assert may_see_others(dataset, blind, "adjudicated", UUID)
    assert may_see_others(dataset, None, first, UUID)
    open_review(dataset, second).apply(setting("accepted", True))
    assert may_see_others(dataset, blind, first, UUID)


def test_looking_at_hidden_facts_is_written_down(dataset: Dataset) -> None:
    review = open_review(dataset)
    review.apply(setting("quality", 2))
    review.note_access("operator's verdict shown")
    review.undo()
    kinds = [(row.kind, row.title) for row in audit_trail(dataset, UUID)]
    assert kinds == [
        ("change", "quality 2"),
        ("access", "operator's verdict shown"),
        ("undo", "quality 2"),
    ]
