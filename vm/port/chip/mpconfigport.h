// The configuration of a Pico W, from the rp2 port itself, less what this chip does not have.
#pragma once
#include "ports/rp2/mpconfigport.h"

// No Thumb processor: native code cannot run.
#undef MICROPY_EMIT_THUMB
#undef MICROPY_EMIT_INLINE_THUMB
#undef MICROPY_MAKE_POINTER_CALLABLE
#define MICROPY_EMIT_THUMB                      (0)
#define MICROPY_EMIT_INLINE_THUMB               (0)
// wasm has no jumps to computed places.
#undef MICROPY_OPT_COMPUTED_GOTO
#define MICROPY_OPT_COMPUTED_GOTO               (0)
#define MICROPY_NLR_SETJMP                      (1)

// Peripherals that are not simulated.
#undef MICROPY_HW_ENABLE_USB_RUNTIME_DEVICE
#undef MICROPY_PY_MACHINE_I2C
#undef MICROPY_PY_MACHINE_I2C_TARGET
#undef MICROPY_PY_MACHINE_I2S
#undef MICROPY_PY_MACHINE_SPI
#undef MICROPY_PY_MACHINE_UART
#define MICROPY_HW_ENABLE_USB_RUNTIME_DEVICE    (0)
#define MICROPY_PY_MACHINE_I2C                  (0)
#define MICROPY_PY_MACHINE_I2C_TARGET           (0)
#define MICROPY_PY_MACHINE_I2S                  (0)
#define MICROPY_PY_MACHINE_SPI                  (0)
#define MICROPY_PY_MACHINE_UART                 (0)

// Between two instructions of bytecode: the safe points, at which interrupts come and cores change.
#define MICROPY_VM_HOOK_LOOP                    if (__builtin_expect(shared.attend[core_number], 0)) { attend(); }
#define MICROPY_VM_HOOK_RETURN                  MICROPY_VM_HOOK_LOOP
