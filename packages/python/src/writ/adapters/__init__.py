"""Adapters for frameworks, one module for each. An adapter runs in the agent's own process."""
