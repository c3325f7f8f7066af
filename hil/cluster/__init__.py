"""The firmware vocabulary, the state of boards folded from it, and an AP with its clients to wait for."""
