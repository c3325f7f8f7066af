# The old name uselect. Loads the module at its first use: few programs need it, and all boards pay for what boot has.
def __getattr__(name):
    import select

    return getattr(select, name)
