"""A Writ for tests: `start`, and the pytest fixtures of `writ.testing.plugin`."""

from writ.testing.server import Running, StartError, start

__all__ = ["Running", "StartError", "start"]
