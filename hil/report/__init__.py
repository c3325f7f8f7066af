"""Reports: what a run tells people, during it, at its end, and in files."""
