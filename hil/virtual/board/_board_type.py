# The names of a board type other than the default, put into the built-in modules before _boot runs.
import _hal


def set(firmware, version, machine, build, hz):
    # firmware, version: as for _boot.run(). machine, build: of sys.implementation. hz: the CPU clock.
    from collections import namedtuple

    _hal.firmware = firmware
    _hal.version = version

    import _sys_rp2
    import machine as machine_module
    import os

    i = _sys_rp2.implementation
    _sys_rp2.implementation = namedtuple("implementation", ("name", "version", "_machine", "_mpy", "_build"))(
        i.name, i.version, machine, i._mpy, build
    )
    machine_module._freq[0] = hz

    default_uname = os.uname

    def uname():
        u = default_uname()
        return namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))(
            u.sysname, u.nodename, u.release, u.version, machine
        )

    os.uname = uname

    import _repl

    _repl._BANNER = b'MicroPython %s; %s\r\nType "help()" for more information.\r\n' % (
        firmware.encode(),
        machine.encode(),
    )
