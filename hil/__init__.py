"""pico-hil: a pytest plugin that treats a rig of Raspberry Pi Pico W boards as fixtures."""
