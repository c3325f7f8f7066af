# The old name umachine. Loads the module at its first use: few programs need it, and all boards pay for what boot has.
def __getattr__(name):
    import machine

    return getattr(machine, name)
