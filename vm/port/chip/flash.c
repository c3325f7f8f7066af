// The flash chip: its part with the file system, in memory. An erased page is all ones, and writing only clears bits.
#include <string.h>
#include "chip.h"
#include "py/mpconfig.h"

// Page-aligned: the host puts pages of ones there that all boards share until one of them writes.
__attribute__((aligned(65536), used)) uint8_t flash_storage[MICROPY_HW_FLASH_STORAGE_BYTES];
__typeof__(flash_registers) flash_registers;

void flash_range_erase(uint32_t offset, size_t size) {
    memset((uint8_t *)XIP_BASE + offset, 0xff, size);
}

void flash_range_program(uint32_t offset, const uint8_t *data, size_t size) {
    uint8_t *at = (uint8_t *)XIP_BASE + offset;
    for (size_t i = 0; i < size; i++) {
        at[i] &= data[i];
    }
}

void pico_get_unique_board_id(pico_unique_board_id_t *id) {
    memcpy(id->id, shared.unique_id, sizeof(id->id));
}
