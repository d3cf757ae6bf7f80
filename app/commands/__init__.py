"""Commands of the command line, one file each; ``app.cli`` mounts them."""
