# The old name utime. Loads the module when it is first used, for few programs do and all boards pay for what boot loads.
def __getattr__(name):
    import time

    return getattr(time, name)
