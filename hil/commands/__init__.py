"""The commands of `hil`, one module each; `hil/commands/cli.py` registers them."""
