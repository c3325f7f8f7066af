// Two cores, interrupts, locks. Only one core runs at a time, and they change at imports alone: see host.h.
#include "sdk.h"
#include "chip.h"
#include "py/mpstate.h"
#include "py/mpthread.h"

PER_CORE int core_number;
struct core cores[2];
struct shared shared;
__typeof__(system_control) system_control;
__typeof__(scb_registers) scb_registers;

// wasm's stack pointer is a core's own; the collector needs the other core's too, so it is noted wherever cores may change.
#define NOTE_STACK() (cores[core_number].stack = __builtin_frame_address(0))

// --- Interrupts ---

void PendSV_Handler(void);

static bool is_pendsv_pending(void) {
    return SCB->ICSR & SCB_ICSR_PENDSVSET_Msk;
}

// What interrupts this core: everything but PendSV is core 0's, as MicroPython sets the real chip up.
static void serve_interrupts(void) {
    struct core *core = &cores[core_number];
    if (core->is_interrupted) {
        return;
    }
    if (core->are_interrupts_disabled) {
        core->has_missed_interrupts = true;
        return;
    }
    core->is_interrupted = true;
    if (core_number == 0) {
        serve_alarms();
        serve_usb();
        serve_pins();
    }
    while (is_pendsv_pending()) {
        SCB->ICSR = 0;
        PendSV_Handler();
    }
    core->is_interrupted = false;
}

void attend(void) {
    uint32_t reasons = shared.attend[core_number];
    shared.attend[core_number] = 0;
    if (reasons & ATTEND_EVENTS || is_pendsv_pending()) {
        shared.event[core_number] = 1;
        serve_interrupts();
    }
    if (reasons & ATTEND_OTHER_CORE) {
        NOTE_STACK();
        host_give_way();
    }
}

uint32_t save_and_disable_interrupts(void) {
    uint32_t state = cores[core_number].are_interrupts_disabled;
    cores[core_number].are_interrupts_disabled = true;
    return state;
}

void restore_interrupts(uint32_t state) {
    struct core *core = &cores[core_number];
    core->are_interrupts_disabled = state;
    if (!state && core->has_missed_interrupts) {
        core->has_missed_interrupts = false;
        serve_interrupts();
    }
}

// --- Waiting ---

void wait_for_event(int64_t until_us) {
    if (is_pendsv_pending()) {
        attend();
    }
    if (!shared.event[core_number]) {
        NOTE_STACK();
        host_wait_us(until_us);
    }
    // Before the interrupts: as on the real chip, one that comes leaves an event for the next wait. What it schedules
    // may set something that is only looked at in between.
    shared.event[core_number] = 0;
    attend();
}

void __sev(void) {
    shared.event[0] = shared.event[1] = 1;
}

bool best_effort_wfe_or_timeout(absolute_time_t until) {
    if (time_us_64() >= until) {
        return true;
    }
    wait_for_event(until);
    return time_us_64() >= until;
}

void busy_wait_us(uint64_t us) {
    int64_t end = host_now_us() + us;
    NOTE_STACK();
    while (host_wait_us(end) < end) {
        attend();
    }
}

void await_other_core(void) {
    NOTE_STACK();
    host_await_other_core();
    attend();
}

// --- Locks ---

void mutex_init(mutex_t *mutex) {
    mutex->owner = LOCK_INVALID_OWNER_ID;
}

bool mutex_try_enter(mutex_t *mutex, uint32_t *owner) {
    if (lock_is_owner_id_valid(mutex->owner)) {
        return false;
    }
    mutex->owner = lock_get_caller_owner_id();
    return true;
}

void mutex_enter_blocking(mutex_t *mutex) {
    while (!mutex_try_enter(mutex, NULL)) {
        await_other_core();
    }
}

void mutex_exit(mutex_t *mutex) {
    mutex->owner = LOCK_INVALID_OWNER_ID;
    __sev();
}

void recursive_mutex_init(recursive_mutex_t *mutex) {
    mutex->owner = LOCK_INVALID_OWNER_ID;
    mutex->enter_count = 0;
}

bool recursive_mutex_try_enter(recursive_mutex_t *mutex, uint32_t *owner) {
    if (lock_is_owner_id_valid(mutex->owner) && mutex->owner != lock_get_caller_owner_id()) {
        return false;
    }
    mutex->owner = lock_get_caller_owner_id();
    mutex->enter_count++;
    return true;
}

// --- Core 1 ---

static void (*core1_program)(void);

// The program's stack is elsewhere than the one that MicroPython allocated for it, because frames of wasm are larger than
// those of the real chip.
static uint8_t core1_stack_area[CORE1_STACK_SIZE] __attribute__((aligned(16)));

void multicore_reset_core1(void) {
    host_stop_core1();
    cores[1] = (struct core) { 0 };
    shared.attend[1] = shared.event[1] = 0;
}

void multicore_launch_core1_with_stack(void (*entry)(void), uint32_t *stack_bottom, size_t stack_size_bytes) {
    core1_program = entry;
    cores[1].stack = cores[1].stack_top = core1_stack_area + sizeof(core1_stack_area);
    host_start_core1(cores[1].stack_top);
}

// As soon as MicroPython has set its limit of the stack: the same depth of calls as on the real chip.
void mp_thread_start(void) {
    size_t limit = MP_STATE_THREAD(stack_limit) * STACK_FACTOR;
    MP_STATE_THREAD(stack_limit) = MIN(limit, CORE1_STACK_SIZE - STACK_RESERVE);
}

__attribute__((export_name("core1"))) void core1(void) {
    core_number = 1;
    core1_program();
    cores[1].stack = cores[1].stack_top;
}
