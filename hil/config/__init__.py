"""rig.yaml and firmware.yaml: read, checked and turned into frozen models."""
