# The old name umachine. Loads the module when it is first used.
def __getattr__(name):
    import machine

    return getattr(machine, name)
