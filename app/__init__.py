"""Composition: session, actions, workspaces, settings, jobs and the command line."""
