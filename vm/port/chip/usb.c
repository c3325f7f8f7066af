// The USB serial port: what shared/tinyusb calls of TinyUSB.
#include "chip.h"
#include "tusb.h"
#include "py/mpconfig.h"

void mp_usbd_schedule_task(void);
void tud_cdc_rx_cb(uint8_t interface);
void tud_cdc_line_state_cb(uint8_t interface, bool dtr, bool rts);

static bool is_started;
static uint32_t announced_head, announced_line_changes, line_changes;

void tusb_init(void) {
    if (!is_started) {
        is_started = true;
        host_usb_attach();
    }
}

bool tusb_inited(void) {
    return is_started;
}

bool tud_mounted(void) {
    return is_started;
}

// The interrupt only asks for the USB task, once for all that has come.
void serve_usb(void) {
    if (is_started && (shared.usb_head != announced_head || shared.usb_line_changes != announced_line_changes)) {
        announced_head = shared.usb_head;
        announced_line_changes = shared.usb_line_changes;
        mp_usbd_schedule_task();
    }
}

void tud_task_ext(uint32_t timeout_ms, bool in_isr) {
    if (!is_started) {
        return;
    }
    if (line_changes != shared.usb_line_changes) {
        line_changes = shared.usb_line_changes;
        tud_cdc_line_state_cb(0, shared.usb_connected, shared.usb_connected);
    }
    if (tud_cdc_n_available(0)) {
        tud_cdc_rx_cb(0);
    }
}

// MicroPython 1.25 hooks itself in here; serve_usb does without.
void __real_dcd_event_handler(const dcd_event_t *event, bool in_isr) {
}

void tud_sof_cb_enable(bool enable) {
}

bool tud_cdc_connected(void) {
    return shared.usb_connected;
}

uint32_t tud_cdc_n_available(uint8_t interface) {
    return shared.usb_head - shared.usb_tail;
}

int32_t tud_cdc_read_char(void) {
    if (!tud_cdc_n_available(0)) {
        return -1;
    }
    uint8_t byte = shared.usb_data[shared.usb_tail % USB_FIFO_SIZE];
    shared.usb_tail++;
    return byte;
}

uint32_t tud_cdc_write_available(void) {
    return shared.usb_room;
}

uint32_t tud_cdc_write(const void *data, uint32_t size) {
    return size ? host_usb_write(data, size) : 0;
}

void tud_cdc_n_get_line_coding(uint8_t interface, cdc_line_coding_t *coding) {
    coding->bit_rate = shared.usb_baud;
}
