# The old name of module socket, which MicroPython keeps.
from socket import *
