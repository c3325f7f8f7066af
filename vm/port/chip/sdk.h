// What MicroPython's rp2 port calls of the Pico's SDK, on the simulated chip. Written from the calls in ports/rp2
// alone; the headers that those files include are made of one line each, this one.
#pragma once
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include "host.h"

typedef unsigned int uint;
typedef volatile uint32_t io_rw_32;

// Names that only mean something to a linker for the real chip.
#define __unused __attribute__((unused))
#define __time_critical_func(name) name
#define __no_inline_not_in_flash_func(name) name
#define bi_decl(declaration)

// --- The cores ---

// wasm's globals are one core's own, as each core is an instance of its own.
#define PER_CORE __attribute__((address_space(1)))
extern PER_CORE int core_number;
static inline uint get_core_num(void) { return core_number; }

// Interrupts come at safe points only: where the interpreter looks up between two instructions of bytecode, where a
// core waits, and where it allows them again.
void attend(void);
uint32_t save_and_disable_interrupts(void);
void restore_interrupts(uint32_t state);
#define tight_loop_contents() host_give_way()

// Waiting for events: an event that came before the wait ends it at once.
void wait_for_event(int64_t until_us);
void __sev(void);
#define __wfe() wait_for_event(INT64_MAX)
void wait_for_interrupt(void);
#define __wfi() wait_for_interrupt()

void multicore_reset_core1(void);
void multicore_launch_core1_with_stack(void (*entry)(void), uint32_t *stack_bottom, size_t stack_size_bytes);
// The other core is never in the middle of anything when this one runs.
#define multicore_lockout_victim_init()
#define multicore_lockout_victim_is_initialized(core) false
#define multicore_lockout_start_blocking()
#define multicore_lockout_end_blocking()

// Cores change at imports only, so nothing here needs to be atomic.
typedef int8_t lock_owner_id_t;
#define LOCK_INVALID_OWNER_ID ((lock_owner_id_t)-1)
#define lock_get_caller_owner_id() ((lock_owner_id_t)get_core_num())
#define lock_is_owner_id_valid(owner) ((owner) >= 0)
typedef struct { int *spin_lock; } lock_core_t;
typedef struct mutex { lock_core_t core; lock_owner_id_t owner; } mutex_t;
typedef struct { lock_core_t core; lock_owner_id_t owner; uint8_t enter_count; } recursive_mutex_t;
#define spin_lock_blocking(lock) save_and_disable_interrupts()
#define spin_unlock(lock, state) restore_interrupts(state)
#define spin_lock_unsafe_blocking(lock)
#define spin_unlock_unsafe(lock)
#define lock_internal_spin_unlock_with_notify(core, state) (restore_interrupts(state), __sev())
#define lock_internal_spin_unlock_with_wait(core, state) (restore_interrupts(state), await_other_core())
void await_other_core(void);
void mutex_init(mutex_t *mutex);
bool mutex_try_enter(mutex_t *mutex, uint32_t *owner);
void mutex_enter_blocking(mutex_t *mutex);
void mutex_exit(mutex_t *mutex);
void recursive_mutex_init(recursive_mutex_t *mutex);
bool recursive_mutex_try_enter(recursive_mutex_t *mutex, uint32_t *owner);

// PendSV: one pending bit a core, looked at at safe points.
extern struct { volatile uint32_t ICSR, SCR; } system_control[2];
#define SCB (&system_control[get_core_num()])
#define SCB_ICSR_PENDSVSET_Msk (1u << 28)
#define NVIC_SetPriority(interrupt, priority)
extern struct { uint32_t scr; } scb_registers;
#define scb_hw (&scb_registers)
#define M0PLUS_SCR_SLEEPDEEP_BITS 4

// --- Time ---

typedef uint64_t absolute_time_t;
static inline uint64_t time_us_64(void) { return (uint64_t)host_now_us(); }
static inline uint32_t time_us_32(void) { return (uint32_t)host_now_us(); }
#define get_absolute_time() time_us_64()
#define delayed_by_ms(time, ms) ((time) + (uint64_t)(ms) * 1000)
#define make_timeout_time_ms(ms) delayed_by_ms(time_us_64(), ms)
#define to_ms_since_boot(time) ((uint32_t)((time) / 1000))
void busy_wait_us(uint64_t us);
bool best_effort_wfe_or_timeout(absolute_time_t until);
struct timer_registers { uint32_t timerawl; uint32_t alarm[4]; io_rw_32 intr, inte; };
struct timer_registers *timer_registers(void);
#define timer_hw timer_registers()

typedef void (*hardware_alarm_callback_t)(uint alarm);
#define PICO_OK 0
#define hardware_alarm_claim(alarm)
#define hardware_alarm_unclaim(alarm)
void hardware_alarm_set_callback(uint alarm, hardware_alarm_callback_t callback);
bool hardware_alarm_set_target(uint alarm, absolute_time_t time);   // whether the time has passed already
void hardware_alarm_cancel(uint alarm);
void hardware_alarm_force_irq(uint alarm);

typedef int32_t alarm_id_t;
typedef int64_t (*alarm_callback_t)(alarm_id_t id, void *user_data);
typedef struct alarm_pool alarm_pool_t;
#define alarm_pool_get_default() ((alarm_pool_t *)0)
alarm_id_t alarm_pool_add_alarm_in_us(alarm_pool_t *pool, uint64_t us, alarm_callback_t callback, void *user_data, bool fire_if_past);
bool alarm_pool_cancel_alarm(alarm_pool_t *pool, alarm_id_t id);

// The real-time clock of the RP2040 counts whole seconds.
bool aon_timer_start(const struct timespec *time);
bool aon_timer_set_time(const struct timespec *time);
bool aon_timer_get_time(struct timespec *time);
bool aon_timer_is_running(void);

// --- Clocks ---

enum clock_index { clk_ref, clk_sys, clk_peri, clk_usb, clk_adc, clk_rtc, CLOCKS };
#define KHZ 1000
#define MHZ 1000000
#define XOSC_MHZ 12
#define XOSC_HZ (XOSC_MHZ * MHZ)
#define USB_CLK_KHZ 48000
#define SYS_CLK_HZ (SYS_CLK_KHZ * KHZ)
uint32_t clock_get_hz(enum clock_index clock);
bool set_sys_clock_khz(uint32_t khz, bool required);
bool clock_configure(enum clock_index clock, uint32_t source, uint32_t auxiliary_source, uint32_t source_hz, uint32_t hz);
#define clock_stop(clock)
void runtime_init_clocks_optional_usb(bool init_usb);
enum { pll_sys, pll_usb };
#define pll_deinit(pll)
void xosc_dormant(void);
extern struct { uint32_t ctrl; } rosc_registers;
#define rosc_hw (&rosc_registers)
extern struct { uint32_t sleep_en0, sleep_en1; } clock_registers;
#define clocks_hw (&clock_registers)
enum {
    ROSC_CTRL_ENABLE_LSB = 12,
    ROSC_CTRL_ENABLE_VALUE_ENABLE = 0xfab,
    ROSC_CTRL_ENABLE_VALUE_DISABLE = 0xd1e,
    CLOCKS_CLK_REF_CTRL_SRC_VALUE_XOSC_CLKSRC = 2,
    CLOCKS_CLK_SYS_CTRL_SRC_VALUE_CLK_REF = 0,
    CLOCKS_CLK_PERI_CTRL_AUXSRC_VALUE_CLK_SYS = 0,
    CLOCKS_CLK_PERI_CTRL_AUXSRC_VALUE_CLKSRC_PLL_SYS = 1,
    CLOCKS_CLK_RTC_CTRL_AUXSRC_VALUE_XOSC_CLKSRC = 3,
    CLOCKS_SLEEP_EN0_CLK_SYS_PLL_USB_BITS = 1 << 22,
    CLOCKS_SLEEP_EN1_CLK_SYS_TIMER_BITS = 1 << 5,
    CLOCKS_SLEEP_EN1_CLK_USB_USBCTRL_BITS = 1 << 13,
};

// --- Pins ---

#define NUM_BANK0_GPIOS 30
enum gpio_dir { GPIO_IN, GPIO_OUT };
enum gpio_function {
    GPIO_FUNC_XIP, GPIO_FUNC_SPI, GPIO_FUNC_UART, GPIO_FUNC_I2C, GPIO_FUNC_PWM, GPIO_FUNC_SIO, GPIO_FUNC_PIO0,
    GPIO_FUNC_PIO1, GPIO_FUNC_GPCK, GPIO_FUNC_USB, GPIO_FUNC_NULL = 31,
};
enum { GPIO_IRQ_LEVEL_LOW = 1, GPIO_IRQ_LEVEL_HIGH = 2, GPIO_IRQ_EDGE_FALL = 4, GPIO_IRQ_EDGE_RISE = 8 };
void gpio_set_function(uint pin, enum gpio_function function);
uint gpio_get_function(uint pin);
void gpio_set_dir(uint pin, bool out);
bool gpio_is_dir_out(uint pin);
void gpio_put(uint pin, bool value);
bool gpio_get(uint pin);
void gpio_set_mask64(uint64_t mask);
void gpio_clr_mask64(uint64_t mask);
void gpio_xor_mask64(uint64_t mask);
void gpio_set_pulls(uint pin, bool up, bool down);
bool gpio_is_pulled_up(uint pin);
bool gpio_is_pulled_down(uint pin);
void gpio_set_irq_enabled(uint pin, uint32_t events, bool enabled);
uint32_t gpio_get_irq_event_mask(uint pin);
void gpio_acknowledge_irq(uint pin, uint32_t events);
#define gpio_set_dormant_irq_enabled(pin, events, enabled)

// Four bits of events a pin, eight pins a register.
typedef struct { io_rw_32 inte[4]; } io_bank0_irq_ctrl_hw_t;
struct pin_registers { struct { uint32_t ctrl; } io[NUM_BANK0_GPIOS]; io_rw_32 intr[4]; io_bank0_irq_ctrl_hw_t proc0_irq_ctrl; };
#define iobank0_hw ((struct pin_registers *)shared.pin_function)
#define io_bank0_hw iobank0_hw
struct pad_registers { uint32_t io[NUM_BANK0_GPIOS]; };
#define padsbank0_hw ((struct pad_registers *)shared.pin_pull)
enum { IO_BANK0_GPIO0_CTRL_FUNCSEL_LSB = 0, IO_BANK0_GPIO0_CTRL_FUNCSEL_BITS = 31, PADS_BANK0_GPIO0_PUE_BITS = 1, PADS_BANK0_GPIO0_PDE_BITS = 2 };
static inline void hw_set_bits(io_rw_32 *reg, uint32_t bits) { *reg |= bits; }
static inline void hw_clear_bits(io_rw_32 *reg, uint32_t bits) { *reg &= ~bits; }
static inline void hw_write_masked(io_rw_32 *reg, uint32_t bits, uint32_t mask) { *reg = (*reg & ~mask) | (bits & mask); }

typedef void (*irq_handler_t)(void);
#define IO_IRQ_BANK0 13
#define PICO_SHARED_IRQ_HANDLER_DEFAULT_ORDER_PRIORITY 0x80
#define PICO_SHARED_IRQ_HANDLER_HIGHEST_ORDER_PRIORITY 0xff
#define PICO_LOWEST_IRQ_PRIORITY 0xff
void irq_add_shared_handler(uint interrupt, irq_handler_t handler, uint8_t priority);
void irq_remove_handler(uint interrupt, irq_handler_t handler);
#define irq_set_enabled(interrupt, enabled)
#define irq_is_enabled(interrupt) true
#define TIMER_ALARM_IRQ_NUM(timer, alarm) (alarm)
void gpio_add_raw_irq_handler_with_order_priority(uint pin, irq_handler_t handler, uint8_t priority);

#define ADC_BASE_PIN 26
#define NUM_ADC_CHANNELS 5
#define ADC_TEMPERATURE_CHANNEL_NUM 4
#define ADC_CS_EN_BITS 1
extern struct { uint32_t cs; } adc_registers;
#define adc_hw (&adc_registers)
void adc_init(void);
void adc_gpio_init(uint pin);
void adc_select_input(uint channel);
#define adc_set_temp_sensor_enabled(enabled)
uint16_t adc_read(void);

#define NUM_PWM_SLICES PWM_SLICES
enum { PWM_CHAN_A, PWM_CHAN_B };
enum { PWM_CH0_CC_A_LSB = 0, PWM_CH0_CC_B_LSB = 16 };
#define pwm_gpio_to_slice_num(pin) (((pin) >> 1) & 7)
#define pwm_gpio_to_channel(pin) ((pin) & 1)
void pwm_set_enabled(uint slice, bool enabled);
void pwm_set_chan_level(uint slice, uint channel, uint16_t level);
void pwm_set_output_polarity(uint slice, bool a, bool b);
struct pwm_registers { struct { uint32_t csr, div, ctr, cc, top; } slice[PWM_SLICES]; };
#define pwm_hw ((struct pwm_registers *)shared.pwm)

// The BOOTSEL button, which pulls the flash chip's select line.
enum { GPIO_OVERRIDE_NORMAL = 0, GPIO_OVERRIDE_LOW = 2, IO_QSPI_GPIO_QSPI_SS_CTRL_OEOVER_LSB = 12, IO_QSPI_GPIO_QSPI_SS_CTRL_OEOVER_BITS = 3 << 12 };
extern struct { struct { io_rw_32 ctrl; } io[2]; } qspi_registers;
#define ioqspi_hw (&qspi_registers)
struct sio_registers { uint32_t gpio_hi_in, gpio_oe; };
const struct sio_registers *sio_registers(void);
#define sio_hw sio_registers()

// --- Buses ---

enum { SPI_LSB_FIRST, SPI_MSB_FIRST };

// --- Flash ---

#define PICO_FLASH_SIZE_BYTES (2 * 1024 * 1024)
#define FLASH_SECTOR_SIZE 4096
#define FLASH_PAGE_SIZE 256
extern uint8_t flash_storage[];
// Only the file system's part is there; offsets count from the beginning of the chip.
#define XIP_BASE ((uintptr_t)flash_storage - (PICO_FLASH_SIZE_BYTES - MICROPY_HW_FLASH_STORAGE_BYTES))
void flash_range_erase(uint32_t offset, size_t size);
void flash_range_program(uint32_t offset, const uint8_t *data, size_t size);
extern struct { uint32_t sr, baudr; io_rw_32 ssienr; } flash_registers;
#define ssi_hw (&flash_registers)
enum { SSI_SR_BUSY_BITS = 1, SSI_SSIENR_SSI_EN_BITS = 1 };

// --- Resets ---

#define SRAM_END 0
typedef struct { uint8_t id[8]; } pico_unique_board_id_t;
void pico_get_unique_board_id(pico_unique_board_id_t *id);
void watchdog_enable(uint32_t ms, bool pause_on_debug);
void watchdog_update(void);
#define watchdog_reboot(pc, sp, ms) host_reset(RESET_WATCHDOG)
#define watchdog_caused_reboot() (shared.caused_by_watchdog)
#define reset_usb_boot(activity_pin_mask, disable_interface_mask) host_reset(RESET_BOOTLOADER)
#define panic_unsupported() __builtin_trap()

// --- The radio chip's pins ---

#define CYW43_DEFAULT_PIN_WL_HOST_WAKE 24
#define CYW43_WL_GPIO_COUNT 3
