"""pytest's root folder is here: `rigs/` and `firmware/` are looked up beside this file."""

pytest_plugins = ("pytester",)
