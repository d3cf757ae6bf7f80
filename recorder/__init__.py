"""Disk in both directions: capture log, finalise, episode reader, catalogue."""

import os

# A file names the filters it was written with; HDF5 must not go looking for code to run them
# ("::" is HDF5's own word for no plugins). Read when the library starts, so before any h5py.
os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")
