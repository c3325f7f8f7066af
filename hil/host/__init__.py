"""What the machine that runs the tests offers: programs, processes, locks, USB devices, the kernel log."""
