"""The interpreter of a virtual board and its files."""
