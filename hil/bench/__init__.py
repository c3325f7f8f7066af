"""The bench: links, power ports and probes for the boards of a rig file, and the bench of real boards."""
