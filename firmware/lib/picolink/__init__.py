"""picolink: Wi-Fi, discovery, peer messages, roles and log lines for Pico W firmware. Import its modules one by one."""
