// What the chip and its simulation share: imports, answered by the host, and one structure in memory, which both see.
// hil/virtual/port/shared.py has the same structure; the assertions below keep the two from drifting apart.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define HOST(name) __attribute__((import_module("chip"), import_name(#name)))

// Microseconds since the first instruction.
HOST(now_us) int64_t host_now_us(void);
// Sleeps until the time is up or this core is given something to attend to; returns the time. The other core may run.
HOST(wait_us) int64_t host_wait_us(int64_t until_us);
// Lets the other core run up to this one's time.
HOST(give_way) void host_give_way(void);
// Sleeps until the other core has done something, or this one is given something to attend to.
HOST(await_other_core) void host_await_other_core(void);
// Starts core 1: an instance of its own over the same memory, which enters `core1` with this stack.
HOST(start_core1) void host_start_core1(void *stack_top);
// Ends core 1 wherever it is.
HOST(stop_core1) void host_stop_core1(void);
// Bytes for the USB host; returns how many found room.
HOST(usb_write) int32_t host_usb_write(const void *data, uint32_t size);
// The USB device is connected from now on.
HOST(usb_attach) void host_usb_attach(void);
// Frames of the radio and its commands.
HOST(transmit) void host_transmit(uint32_t interface, const void *frame, uint32_t size);
HOST(radio) int32_t host_radio(uint32_t command, void *data, uint32_t size, uint32_t room);
// A register was written, and whoever is wired to the peripheral may see it.
HOST(written) void host_written(uint32_t peripheral, uint32_t index);
// What is outside, at this moment: the level of a pin, the voltage at an ADC channel.
HOST(sample) int32_t host_sample(uint32_t peripheral, uint32_t index);
// The watchdog bites in so many microseconds.
HOST(watchdog) void host_watchdog(int64_t timeout_us);
// Does not return.
HOST(reset) void host_reset(uint32_t kind) __attribute__((noreturn));

enum { PERIPHERAL_PIN, PERIPHERAL_PWM, PERIPHERAL_ADC, PERIPHERAL_RADIO_PIN };
enum { RESET_WATCHDOG, RESET_BOOTLOADER };

// Why a core is to look up from its work.
enum {
    ATTEND_EVENTS = 1,   // an interrupt may be due
    ATTEND_OTHER_CORE = 2,   // the other core is to run
};

#define USB_FIFO_SIZE 256   // as in the real device (CFG_TUD_CDC_RX_BUFSIZE)
#define RADIO_SLOTS 8
#define RADIO_SLOT_SIZE 1520
#define PINS 30
#define PWM_SLICES 8

struct shared {
    // Written by the host.
    volatile uint32_t attend[2];
    volatile uint32_t event[2];   // what a core's wait for an event waits for
    uint64_t entropy;
    uint8_t unique_id[8];
    uint8_t mac[6];
    uint8_t caused_by_watchdog;
    uint8_t bootsel_held;
    uint32_t usb_connected;   // a program on the USB host has the port open (DTR)
    uint32_t usb_room;   // bytes that host_usb_write would take
    uint32_t usb_baud;
    volatile uint32_t usb_line_changes;   // counts openings and closings of the port
    volatile uint32_t usb_head;   // both count bytes since the start
    volatile uint32_t radio_head;
    // Written by the chip.
    volatile uint32_t usb_tail;
    volatile uint32_t radio_tail;
    int64_t alarm_us;   // the next one
    uint32_t pin_pull[PINS];   // bit 0 up, bit 1 down
    uint32_t pin_output;   // one bit a pin
    uint32_t pin_output_enabled;
    struct { uint32_t csr, div, ctr, cc, top; } pwm[PWM_SLICES];
    uint32_t pin_function[PINS];
    // Edges, four bits a pin, eight pins a word: set by the host, cleared by the chip.
    volatile uint32_t pin_events[4];
    volatile uint32_t pin_events_enabled[4];
    // Written by the host.
    uint8_t usb_data[USB_FIFO_SIZE];
    struct { uint16_t kind, size; uint8_t data[RADIO_SLOT_SIZE - 4]; } radio[RADIO_SLOTS];
};
extern struct shared shared;

_Static_assert(offsetof(struct shared, usb_connected) == 40, "hil/virtual/port/shared.py");
_Static_assert(offsetof(struct shared, alarm_us) == 72, "hil/virtual/port/shared.py");
_Static_assert(offsetof(struct shared, usb_data) == 520, "hil/virtual/port/shared.py");
_Static_assert(sizeof(struct shared) == 520 + 256 + 8 * 1520, "hil/virtual/port/shared.py");
