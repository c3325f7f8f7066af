// What the files of this folder share with one another.
#pragma once
#include "sdk.h"

// The stack of the real chip's core 0 (PICO_STACK_SIZE), and how much more the same calls need here: a call of a Python
// function takes 480 bytes (the real figure is unsure).
#define REAL_STACK_SIZE (8 * 1024)
#define STACK_FACTOR 4
// Below the limit there must be room for what does not look at it, printing a number for instance.
#define STACK_RESERVE (16 * 1024)
#define CORE1_STACK_SIZE (64 * 1024)

struct core {
    void *stack;   // its top of the stack, noted when the other core may have run
    void *stack_top;
    bool are_interrupts_disabled;
    bool has_missed_interrupts;
    bool is_interrupted;
};
extern struct core cores[2];

void serve_alarms(void);
void serve_usb(void);
void serve_pins(void);
void start_clocks(void);
void start_pins(void);
void start_random(void);
