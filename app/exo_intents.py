"""The window's exoskeleton sliders on the bus: intents as a stream the operator process reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.bus import Bus
from devices.rig import Rig
from devices.wire import intent_spec


class IntentPublisher:
    """Publishes the intent of the sliders for every exoskeleton of the rig.

    Nothing is published before the first move of a slider, so that arming the exoskeleton starts
    where the hand is.
    """

    def __init__(self, rig: Rig, bus: Bus) -> None:
        self._publishers = [bus.publisher(intent_spec(exo.side)) for exo in rig.exoskeletons]
        self._intent: NDArray[np.float64] | None = None

    def set_intent(self, intent: NDArray[np.float64]) -> None:
        """Take over ``intent`` (17 + 6,) rad and m, and publish it at once."""
        self._intent = np.asarray(intent, float)
        self.publish()

    def publish(self) -> None:
        """Publish the last intent again, so that the reader knows the window is alive."""
        if self._intent is None:
            return
        for publisher in self._publishers:
            publisher.send(self._intent)
