"""Hardware and the words everyone shares: clock, streams, bus, rig, drivers, supervision."""

import os
import sys

if sys.platform == "linux":  # mujoco chooses its GL when it is first imported, wherever that is
    os.environ.setdefault("MUJOCO_GL", "egl")
