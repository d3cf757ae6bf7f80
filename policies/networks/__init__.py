"""Networks and samplers of policies; the only place beside ``policies.training`` with torch.

Threads of torch wait asleep instead of spinning: on two cores with a window and a recorder beside
them, spinning threads made a training step ten times slower. The library reads this when it is
loaded, so it stands before torch is.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
