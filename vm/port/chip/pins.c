// Pins, PWM and ADC: registers in shared memory; the host is told of what can be seen from outside.
#include "chip.h"

#define BIT(pin) (1u << (pin))
#define ALL_PINS ((1u << NUM_BANK0_GPIOS) - 1)

__typeof__(adc_registers) adc_registers;
__typeof__(qspi_registers) qspi_registers;

void gpio_set_function(uint pin, enum gpio_function function) {
    shared.pin_function[pin] = function;
    host_written(PERIPHERAL_PIN, pin);
}

uint gpio_get_function(uint pin) {
    return shared.pin_function[pin];
}

static void set_output(uint32_t level, uint32_t enabled) {
    uint32_t changed = (level ^ shared.pin_output) | (enabled ^ shared.pin_output_enabled);
    shared.pin_output = level;
    shared.pin_output_enabled = enabled;
    for (uint pin = 0; changed; pin++, changed >>= 1) {
        if (changed & 1) {
            host_written(PERIPHERAL_PIN, pin);
        }
    }
}

void gpio_set_dir(uint pin, bool out) {
    set_output(shared.pin_output, out ? shared.pin_output_enabled | BIT(pin) : shared.pin_output_enabled & ~BIT(pin));
}

bool gpio_is_dir_out(uint pin) {
    return shared.pin_output_enabled & BIT(pin);
}

void gpio_put(uint pin, bool value) {
    set_output(value ? shared.pin_output | BIT(pin) : shared.pin_output & ~BIT(pin), shared.pin_output_enabled);
}

bool gpio_get(uint pin) {
    return host_sample(PERIPHERAL_PIN, pin);
}

void gpio_set_mask64(uint64_t mask) {
    set_output(shared.pin_output | (uint32_t)mask, shared.pin_output_enabled);
}

void gpio_clr_mask64(uint64_t mask) {
    set_output(shared.pin_output & ~(uint32_t)mask, shared.pin_output_enabled);
}

void gpio_xor_mask64(uint64_t mask) {
    set_output((shared.pin_output ^ (uint32_t)mask) & ALL_PINS, shared.pin_output_enabled);
}

void gpio_set_pulls(uint pin, bool up, bool down) {
    shared.pin_pull[pin] = up | down << 1;
    host_written(PERIPHERAL_PIN, pin);
}

bool gpio_is_pulled_up(uint pin) {
    return shared.pin_pull[pin] & 1;
}

bool gpio_is_pulled_down(uint pin) {
    return shared.pin_pull[pin] & 2;
}

// --- Interrupts of pins ---

#define EVENTS_OF(pin, events) ((uint32_t)(events) << 4 * ((pin) % 8))

void gpio_set_irq_enabled(uint pin, uint32_t events, bool enabled) {
    // What came while nobody listened does not count.
    gpio_acknowledge_irq(pin, events);
    uint32_t bits = EVENTS_OF(pin, events);
    io_rw_32 *reg = &io_bank0_hw->proc0_irq_ctrl.inte[pin / 8];
    *reg = enabled ? *reg | bits : *reg & ~bits;
    host_written(PERIPHERAL_PIN, pin);
}

void gpio_acknowledge_irq(uint pin, uint32_t events) {
    io_bank0_hw->intr[pin / 8] &= ~EVENTS_OF(pin, events & (GPIO_IRQ_EDGE_FALL | GPIO_IRQ_EDGE_RISE));
}

// The one pin with a level interrupt that anybody uses: the radio chip holds it high while it has something to say.
static bool is_radio_calling(void) {
    return shared.radio_head != shared.radio_tail;
}

uint32_t gpio_get_irq_event_mask(uint pin) {
    uint32_t events = io_bank0_hw->intr[pin / 8] >> 4 * (pin % 8) & 15;
    if (pin == CYW43_DEFAULT_PIN_WL_HOST_WAKE && is_radio_calling()) {
        events |= GPIO_IRQ_LEVEL_HIGH;
    }
    return events & io_bank0_hw->proc0_irq_ctrl.inte[pin / 8] >> 4 * (pin % 8);
}

static irq_handler_t shared_handler, radio_handler;

void irq_add_shared_handler(uint interrupt, irq_handler_t handler, uint8_t priority) {
    shared_handler = handler;
}

void irq_remove_handler(uint interrupt, irq_handler_t handler) {
    shared_handler = NULL;
}

void gpio_add_raw_irq_handler_with_order_priority(uint pin, irq_handler_t handler, uint8_t priority) {
    radio_handler = handler;
}

void serve_pins(void) {
    if (radio_handler && gpio_get_irq_event_mask(CYW43_DEFAULT_PIN_WL_HOST_WAKE)) {
        radio_handler();
    }
    if (shared_handler) {
        for (int i = 0; i < 4; i++) {
            if (io_bank0_hw->intr[i] & io_bank0_hw->proc0_irq_ctrl.inte[i]) {
                shared_handler();
                return;
            }
        }
    }
}

const struct sio_registers *sio_registers(void) {
    static struct sio_registers registers;
    registers.gpio_oe = shared.pin_output_enabled;
    registers.gpio_hi_in = shared.bootsel_held ? 0 : 1 << 1;   // the button pulls the select line low
    return &registers;
}

// After a reset, a pin belongs to no peripheral.
void start_pins(void) {
    for (int pin = 0; pin < NUM_BANK0_GPIOS; pin++) {
        shared.pin_function[pin] = GPIO_FUNC_NULL;
    }
}

// --- ADC ---

static uint adc_channel;

void adc_init(void) {
    adc_registers.cs = ADC_CS_EN_BITS;
}

void adc_gpio_init(uint pin) {
    gpio_set_function(pin, GPIO_FUNC_NULL);
    gpio_set_pulls(pin, false, false);
}

void adc_select_input(uint channel) {
    adc_channel = channel;
}

uint16_t adc_read(void) {
    return host_sample(PERIPHERAL_ADC, adc_channel);
}

// --- PWM ---

void pwm_set_enabled(uint slice, bool enabled) {
    uint32_t csr = enabled ? shared.pwm[slice].csr | 1 : shared.pwm[slice].csr & ~1u;
    if (csr != shared.pwm[slice].csr || enabled) {
        shared.pwm[slice].csr = csr;
        host_written(PERIPHERAL_PWM, slice);
    }
}

void pwm_set_chan_level(uint slice, uint channel, uint16_t level) {
    uint shift = channel ? PWM_CH0_CC_B_LSB : PWM_CH0_CC_A_LSB;
    shared.pwm[slice].cc = (shared.pwm[slice].cc & ~(0xffffu << shift)) | (uint32_t)level << shift;
    host_written(PERIPHERAL_PWM, slice);
}

void pwm_set_output_polarity(uint slice, bool a, bool b) {
    shared.pwm[slice].csr = (shared.pwm[slice].csr & ~12u) | a << 2 | b << 3;
}
