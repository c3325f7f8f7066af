"""Paths on a board's flash that have a meaning to the host."""

STARTED_BY_ITSELF = ("boot.py", "main.py")
"""What MicroPython runs after each reset."""

DEPLOYMENT_RECORD = ".hil.json"
"""Lists what was deployed, so that a later deployment can remove what no longer belongs."""

TEMPORARY_SUFFIX = ".new"
"""A deployment writes and verifies each file under a name with this suffix, then renames it."""

CONFIG = "/config.json"
"""Where a deployment leaves Wi-Fi, role and settings for the firmware."""

FILLER = "/full-flash-fault.bin"
"""Takes all the room while the fault ``full_flash`` lasts. No deployment lists it, so none removes it."""
