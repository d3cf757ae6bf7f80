"""Hardware and the words everyone shares: clock, streams, bus, rig, drivers, supervision."""
