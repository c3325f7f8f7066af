"""What a virtual board's built-in modules call: pins, radio, sockets, the machine."""
