"""Live status: below what pytest writes, what the boards do while a test waits, for who looks at the terminal."""
