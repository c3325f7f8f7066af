"""The commands of `hil`, one module each; `hil/cli.py` registers them."""
