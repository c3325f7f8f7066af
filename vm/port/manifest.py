# What RPI_PICO_W has frozen, as far as its sources are in MicroPython's own tree.
freeze("$(MPY_DIR)/ports/rp2/modules", ("_boot.py", "rp2.py"))
include("$(MPY_DIR)/extmod/asyncio")
