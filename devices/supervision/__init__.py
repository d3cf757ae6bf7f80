"""The supervisor: states, command gate, watchdog and control loop."""
