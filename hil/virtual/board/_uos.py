# The old name uos. Loads the module at its first use: few programs need it, and all boards pay for what boot has.
def __getattr__(name):
    import os

    return getattr(os, name)
