"""The order in which episodes come to a reviewer, and how far it has got. Free of Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


class ReviewQueue:
    """Episodes one after the other.

    Parameters
    ----------
    order : sequence of str
        Identities, first to last.
    reasons : mapping of str to str
        Why an episode stands where it does; absent for those without a reason.
    done : iterable of str
        Identities this reviewer has accepted.
    """

    def __init__(
        self,
        order: Sequence[str] = (),
        reasons: Mapping[str, str] | None = None,
        done: Iterable[str] = (),
    ) -> None:
        self.order = tuple(dict.fromkeys(order))
        self._places = {uuid: place for place, uuid in enumerate(self.order)}
        self._reasons = dict(reasons or {})
        self.done = set(done)

    def __contains__(self, uuid: str) -> bool:
        return uuid in self._places

    @property
    def left(self) -> int:
        """How many are not accepted yet."""
        return sum(uuid not in self.done for uuid in self.order)

    def first(self) -> str | None:
        """The first that is not accepted yet, else the first of all."""
        return next((u for u in self.order if u not in self.done), next(iter(self.order), None))

    def after(self, uuid: str, *, unfinished: bool = False) -> str | None:
        """The one after ``uuid``; with ``unfinished`` the next not accepted, from the start again.

        None at the end, or when everything is accepted.
        """
        place = self._places.get(uuid, -1)
        following = self.order[place + 1 :]
        if not unfinished:
            return next(iter(following), None)
        around = (*following, *self.order[: max(place, 0)])
        return next((other for other in around if other not in self.done), None)

    def before(self, uuid: str) -> str | None:
        """The one before ``uuid``; None at the start."""
        place = self._places.get(uuid, 0)
        return self.order[place - 1] if place > 0 else None

    def place(self, uuid: str) -> str:
        """``8 of 200``; empty for an episode outside the queue."""
        place = self._places.get(uuid)
        return "" if place is None else f"{place + 1} of {len(self.order)}"

    def reason(self, uuid: str) -> str:
        """Why it stands there; may be empty."""
        return self._reasons.get(uuid, "")
