"""The commands of `hil`, one module each; `hil/commands/table.py` lists them."""
