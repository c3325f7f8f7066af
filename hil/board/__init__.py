"""One Pico W: its power, console, files, REPL, flashing and recovery."""
