// Time: clocks, alarms, the real-time clock, the watchdog.
#include "chip.h"

// --- Alarms ---

#define HARDWARE_ALARMS 4
#define POOL_SIZE 16   // as in the SDK (PICO_TIME_DEFAULT_ALARM_POOL_MAX_TIMERS)

static struct {
    hardware_alarm_callback_t callback;
    int64_t at_us;
} hardware_alarms[HARDWARE_ALARMS];

static struct {
    alarm_id_t id;   // 0: free
    int64_t at_us;
    alarm_callback_t callback;
    void *user_data;
} pool[POOL_SIZE];

// The host wakes core 0 at this time.
static void note_next_alarm(void) {
    int64_t next = INT64_MAX;
    for (int i = 0; i < HARDWARE_ALARMS; i++) {
        next = hardware_alarms[i].at_us < next ? hardware_alarms[i].at_us : next;
    }
    for (int i = 0; i < POOL_SIZE; i++) {
        next = pool[i].id && pool[i].at_us < next ? pool[i].at_us : next;
    }
    shared.alarm_us = next;
}

void hardware_alarm_set_callback(uint alarm, hardware_alarm_callback_t callback) {
    hardware_alarms[alarm].callback = callback;
}

bool hardware_alarm_set_target(uint alarm, absolute_time_t time) {
    bool has_passed = time_us_64() >= time;
    hardware_alarms[alarm].at_us = has_passed ? INT64_MAX : (int64_t)time;
    note_next_alarm();
    return has_passed;
}

void hardware_alarm_cancel(uint alarm) {
    hardware_alarms[alarm].at_us = INT64_MAX;
    note_next_alarm();
}

void hardware_alarm_force_irq(uint alarm) {
    hardware_alarms[alarm].at_us = 0;
    note_next_alarm();
    shared.attend[0] |= ATTEND_EVENTS;
}

alarm_id_t alarm_pool_add_alarm_in_us(alarm_pool_t *unused_pool, uint64_t us, alarm_callback_t callback, void *user_data, bool fire_if_past) {
    static alarm_id_t last_id;
    for (int i = 0; i < POOL_SIZE; i++) {
        if (!pool[i].id) {
            last_id = last_id == INT32_MAX ? 1 : last_id + 1;
            pool[i].id = last_id;
            pool[i].at_us = host_now_us() + us;
            pool[i].callback = callback;
            pool[i].user_data = user_data;
            note_next_alarm();
            return last_id;
        }
    }
    return -1;
}

bool alarm_pool_cancel_alarm(alarm_pool_t *unused_pool, alarm_id_t id) {
    for (int i = 0; i < POOL_SIZE; i++) {
        if (pool[i].id == id) {
            pool[i].id = 0;
            note_next_alarm();
            return true;
        }
    }
    return false;
}

// A callback may add and cancel alarms, its own among them. In the order of their times: the earliest that is due.
static int due_in_pool(int64_t now) {
    int found = -1;
    for (int i = 0; i < POOL_SIZE; i++) {
        if (pool[i].id && pool[i].at_us <= now && (found < 0 || pool[i].at_us < pool[found].at_us)) {
            found = i;
        }
    }
    return found;
}

void serve_alarms(void) {
    int64_t now = host_now_us();
    if (now < shared.alarm_us) {
        return;
    }
    for (int i = 0; i < HARDWARE_ALARMS; i++) {
        if (hardware_alarms[i].at_us <= now) {
            hardware_alarms[i].at_us = INT64_MAX;
            hardware_alarms[i].callback(i);
        }
    }
    for (int i; (i = due_in_pool(now)) >= 0;) {
        alarm_id_t id = pool[i].id;
        int64_t again_us = pool[i].callback(id, pool[i].user_data);
        if (pool[i].id != id) {
            continue;
        }
        if (again_us == 0) {
            pool[i].id = 0;
        } else if (again_us < 0) {
            pool[i].at_us -= again_us;
        } else {
            pool[i].at_us = host_now_us() + again_us;
        }
    }
    note_next_alarm();
}

// The timer's registers, with which MicroPython 1.25 wakes itself from its light sleep.
static struct timer_registers registers;

struct timer_registers *timer_registers(void) {
    registers.timerawl = time_us_32();
    return &registers;
}

void wait_for_interrupt(void) {
    int64_t now = host_now_us(), until = INT64_MAX;
    for (int i = 0; i < HARDWARE_ALARMS; i++) {
        if (registers.inte & 1 << i) {
            int64_t at = now + (int32_t)(registers.alarm[i] - (uint32_t)now);
            until = at < until ? at : until;
        }
    }
    wait_for_event(until);
}

// --- The real-time clock ---

static int64_t rtc_set_s, rtc_set_at_us;
static bool is_rtc_running;

bool aon_timer_set_time(const struct timespec *time) {
    rtc_set_s = time->tv_sec;
    rtc_set_at_us = host_now_us();
    return true;
}

bool aon_timer_start(const struct timespec *time) {
    is_rtc_running = true;
    return aon_timer_set_time(time);
}

bool aon_timer_get_time(struct timespec *time) {
    time->tv_sec = rtc_set_s + (host_now_us() - rtc_set_at_us) / 1000000;
    time->tv_nsec = 0;
    return is_rtc_running;
}

bool aon_timer_is_running(void) {
    return is_rtc_running;
}

// --- Clocks ---

static uint32_t clocks_hz[CLOCKS];

uint32_t clock_get_hz(enum clock_index clock) {
    return clocks_hz[clock];
}

bool clock_configure(enum clock_index clock, uint32_t source, uint32_t auxiliary_source, uint32_t source_hz, uint32_t hz) {
    clocks_hz[clock] = hz;
    return true;
}

void runtime_init_clocks_optional_usb(bool init_usb) {
    clocks_hz[clk_ref] = XOSC_HZ;
    clocks_hz[clk_sys] = clocks_hz[clk_peri] = SYS_CLK_HZ;
    clocks_hz[clk_adc] = USB_CLK_KHZ * KHZ;
    clocks_hz[clk_rtc] = 46875;
    if (init_usb) {
        clocks_hz[clk_usb] = USB_CLK_KHZ * KHZ;
    }
}

// Datasheet, 2.18: the oscillator's 12 MHz times 16 to 320 give 750 to 1600 MHz, divided by 1 to 7 twice.
static bool can_pll_make(uint32_t khz) {
    for (uint32_t multiplier = 16; multiplier <= 320; multiplier++) {
        uint32_t vco_khz = multiplier * (XOSC_HZ / KHZ);
        if (vco_khz < 750 * KHZ || vco_khz > 1600 * KHZ) {
            continue;
        }
        for (uint32_t first = 1; first <= 7; first++) {
            for (uint32_t second = 1; second <= first; second++) {
                if (vco_khz / (first * second) == khz && vco_khz % (first * second) == 0) {
                    return true;
                }
            }
        }
    }
    return false;
}

bool set_sys_clock_khz(uint32_t khz, bool required) {
    if (!can_pll_make(khz)) {
        return false;
    }
    clocks_hz[clk_sys] = khz * KHZ;
    clocks_hz[clk_peri] = USB_CLK_KHZ * KHZ;
    return true;
}

void xosc_dormant(void) {
    wait_for_event(INT64_MAX);
}

__typeof__(rosc_registers) rosc_registers;
__typeof__(clock_registers) clock_registers;

void start_clocks(void) {
    for (int i = 0; i < HARDWARE_ALARMS; i++) {
        hardware_alarms[i].at_us = INT64_MAX;
    }
    note_next_alarm();
    runtime_init_clocks_optional_usb(true);
}

// --- The watchdog ---

static int64_t watchdog_us;

void watchdog_enable(uint32_t ms, bool pause_on_debug) {
    watchdog_us = (int64_t)ms * 1000;
    host_watchdog(watchdog_us);
}

void watchdog_update(void) {
    if (watchdog_us) {
        host_watchdog(watchdog_us);
    }
}
