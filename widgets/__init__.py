"""One QWidget per file, each given its models."""
