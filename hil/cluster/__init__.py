"""The boards of a test as one system: who is MASTER, in which order they came."""
