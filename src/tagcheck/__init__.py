"""tagcheck: a static analyser for container image names (DD-TEST-001)."""

__version__ = "0.1.0"
