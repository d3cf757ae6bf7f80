"""Reading what others made: every foreign file is opened in a child process with limits."""
