"""The simulated radio world: access points, stations, DHCP, UDP and TCP of virtual boards and probes.

From the bottom up: :mod:`medium` carries packets between interfaces, :mod:`station` and :mod:`access_point` are the
two interfaces of a chip, :mod:`ip` routes, :mod:`udp` and :mod:`tcp_socket` are what programs hold, :mod:`radio` is one
chip.
"""
