"""The bench: what hands out links, power ports and probes, and the bench of real boards."""
