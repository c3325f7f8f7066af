"""The simulated radio world: access points, stations, DHCP, UDP and TCP of virtual boards and probes.

From the bottom up: :mod:`interface` is what sends and takes packets, :mod:`association` what access points, stations
and the air know of one another, :mod:`medium` the air that carries packets, :mod:`station` and :mod:`access_point` the
two interfaces of a chip. Above them :mod:`ip` routes, :mod:`udp` and :mod:`tcp` find the socket or connection for what
arrives, :mod:`tcp_socket` is what programs hold of TCP, :mod:`mdns` answers for a board's name, :mod:`resolver` asks
for those of others, and :mod:`radio` is one chip with all of it.
"""
