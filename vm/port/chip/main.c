// From power to the prompt: what ports/rp2/main.c does, in two parts, so that a board can start from a copy of the
// memory as it is after the first.
#include <string.h>
#include "chip.h"
#include "py/builtin.h"
#include "py/compile.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modmachine.h"
#include "extmod/modnetwork.h"
#include "lib/cyw43-driver/src/cyw43.h"
#include "lwip/apps/mdns.h"
#include "lwip/init.h"
#include "modmachine.h"
#include "mp_usbd.h"
#include "mpnetworkport.h"
#include "rp2_flash.h"
#include "shared/readline/readline.h"
#include "shared/runtime/pyexec.h"
#include "shared/runtime/softtimer.h"
#include "shared/timeutils/timeutils.h"

// A Pico W has about this much left of its 264 KB for the heap (unsure: a measured value of gc.mem_free() is wanted).
#define HEAP_SIZE (190 * 1024)

extern uint8_t __stack_low, __stack_high;
static uint8_t heap[HEAP_SIZE] __attribute__((aligned(16)));

static void start_interpreter(void) {
    mp_init();
    mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__slash_lib));
    readline_init0();
}

// Everything that is the same on all boards at all times: no import is called.
__attribute__((export_name("prepare"))) void prepare(void) {
    cores[0].stack_top = &__stack_high;
    start_clocks();
    start_pins();
    pendsv_init();
    soft_timer_init();
    mp_thread_init();
    mp_cstack_init_with_top(&__stack_high, REAL_STACK_SIZE * STACK_FACTOR);
    gc_init(heap, heap + sizeof(heap));
    start_interpreter();
}

static void start_radio(void) {
    lwip_init();
    mdns_resp_init();
    cyw43_init(&cyw43_state);
    cyw43_irq_init();
    cyw43_post_poll_hook();
    // As the real port does it, out of the unique id instead of the MAC.
    static const char digits[] = "0123456789ABCDEF";
    uint8_t ssid[8] = "PICO";
    ssid[4] = digits[shared.unique_id[7] >> 4];
    ssid[5] = digits[shared.unique_id[6] & 15];
    ssid[6] = digits[shared.unique_id[5] >> 4];
    ssid[7] = digits[shared.unique_id[4] & 15];
    cyw43_wifi_ap_set_ssid(&cyw43_state, sizeof(ssid), ssid);
    cyw43_wifi_ap_set_auth(&cyw43_state, CYW43_AUTH_WPA2_AES_PSK);
    cyw43_wifi_ap_set_password(&cyw43_state, 8, (const uint8_t *)"picoW123");
}

static void run_programs(void) {
    pyexec_frozen_module("_boot.py", false);
    int result = pyexec_file_if_exists("boot.py");
    mp_usbd_init();
    if (result & PYEXEC_FORCED_EXIT) {
        return;
    }
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && result != 0) {
        if (pyexec_file_if_exists("main.py") & PYEXEC_FORCED_EXIT) {
            return;
        }
    }
    for (;;) {
        if ((pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl()) != 0) {
            return;
        }
    }
}

// From the first instruction on a board of its own; never ends.
__attribute__((export_name("run"))) void run(void) {
    struct timespec start = { .tv_sec = timeutils_seconds_since_epoch(2021, 1, 1, 0, 0, 0) };
    start_random();
    aon_timer_start(&start);
    mp_hal_time_ns_set_from_rtc();
    start_radio();
    for (;;) {
        machine_pin_init();
        mod_network_init();
        mod_network_lwip_init();
        run_programs();
        mp_printf(MP_PYTHON_PRINTER, "MPY: soft reboot\n");
        mod_network_deinit();
        machine_pwm_deinit_all();
        machine_pin_deinit();
        mp_thread_deinit();
        soft_timer_deinit();
        gc_sweep_all();
        mp_deinit();
        start_interpreter();
    }
}

// --- The collector ---

// In wasm, a compiler may keep nothing of an object but a pointer into its middle: what the stack points at counts from
// its first block on. Two bits a block, as py/gc.c has them: 1 the first block of an object, 2 another.
static void mark(void *pointer) {
    const mp_state_mem_area_t *area = &MP_STATE_MEM(area);
    uint8_t *byte = pointer;
    if (byte < area->gc_pool_start || byte >= area->gc_pool_end) {
        return;
    }
    size_t block = (byte - area->gc_pool_start) / (MICROPY_BYTES_PER_GC_BLOCK);
    while (block > 0 && (area->gc_alloc_table_start[block / 4] >> 2 * (block % 4) & 3) == 2) {
        block--;
    }
    void *start = area->gc_pool_start + block * (MICROPY_BYTES_PER_GC_BLOCK);
    gc_collect_root(&start, 1);
}

static void mark_stack(void **from, void *top) {
    for (; (void *)from < top; from++) {
        mark(*from);
    }
}

// All that the functions above this one keep in wasm's locals has been written to the stack: see spill.mjs.
__attribute__((noinline)) void gc_collect(void) {
    gc_collect_start();
    struct core *this = &cores[core_number], *other = &cores[1 - core_number];
    mark_stack((void **)((uintptr_t)__builtin_frame_address(0) & ~3u), this->stack_top);
    if (other->stack) {
        mark_stack((void **)((uintptr_t)other->stack & ~3u), other->stack_top);
    }
    mp_thread_gc_others();
    soft_timer_gc_mark_all();
    gc_collect_end();
}

void nlr_jump_fail(void *val) {
    mp_printf(&mp_plat_print, "FATAL: uncaught exception %p\n", val);
    mp_obj_print_exception(&mp_plat_print, MP_OBJ_FROM_PTR(val));
    __builtin_trap();
}

// --- Chance ---

// The ring oscillator's noise: on a simulated board it must come out the same in every run. xorshift64*.
static uint64_t random_state;

void start_random(void) {
    random_state = shared.entropy | 1;
}

uint32_t rosc_random_u32(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 2685821657736338717u >> 32;
}

uint8_t rosc_random_u8(size_t cycles) {
    return rosc_random_u32() >> 24;
}

// --- Pins, quickly ---

// Each bit high and low for its times, as seen by who reads the pin.
void machine_bitstream_high_low(mp_hal_pin_obj_t pin, uint32_t *timing_ns, const uint8_t *buf, size_t len) {
    mp_hal_pin_output(pin);
    uint32_t state = mp_hal_quiet_timing_enter();
    uint64_t start_us = time_us_64(), ns = 0;
    for (size_t i = 0; i < len * 8; i++) {
        const uint32_t *times = &timing_ns[buf[i / 8] << i % 8 & 0x80 ? 2 : 0];
        mp_hal_pin_high(pin);
        ns += times[0];
        mp_hal_pin_low(pin);
        ns += times[1];
    }
    uint64_t end_us = start_us + ns / 1000, now_us = time_us_64();
    if (now_us < end_us) {
        busy_wait_us(end_us - now_us);
    }
    mp_hal_quiet_timing_exit(state);
}
