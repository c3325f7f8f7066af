// What a Pico W has and this chip does not: the names are there, and their use raises an error that says so.
#include "py/runtime.h"
#include "modrp2.h"

// As in the real port, because firmware reads them where it defines its programs.
enum { PIN_IN_LOW, PIN_IN_HIGH, PIN_OUT_LOW, PIN_OUT_HIGH };
enum { SHIFT_LEFT, SHIFT_RIGHT };
enum { JOIN_NONE, JOIN_TX, JOIN_RX };
enum { IRQ_SM0 = 0x100, IRQ_SM1 = 0x200, IRQ_SM2 = 0x400, IRQ_SM3 = 0x800 };

static mp_obj_t absent_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_raise_msg_varg(&mp_type_NotImplementedError, MP_ERROR_TEXT("rp2.%q: the virtual board has none"), (qstr)type->name);
}

static const mp_rom_map_elem_t pio_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_IN_LOW), MP_ROM_INT(PIN_IN_LOW) },
    { MP_ROM_QSTR(MP_QSTR_IN_HIGH), MP_ROM_INT(PIN_IN_HIGH) },
    { MP_ROM_QSTR(MP_QSTR_OUT_LOW), MP_ROM_INT(PIN_OUT_LOW) },
    { MP_ROM_QSTR(MP_QSTR_OUT_HIGH), MP_ROM_INT(PIN_OUT_HIGH) },
    { MP_ROM_QSTR(MP_QSTR_SHIFT_LEFT), MP_ROM_INT(SHIFT_LEFT) },
    { MP_ROM_QSTR(MP_QSTR_SHIFT_RIGHT), MP_ROM_INT(SHIFT_RIGHT) },
    { MP_ROM_QSTR(MP_QSTR_JOIN_NONE), MP_ROM_INT(JOIN_NONE) },
    { MP_ROM_QSTR(MP_QSTR_JOIN_TX), MP_ROM_INT(JOIN_TX) },
    { MP_ROM_QSTR(MP_QSTR_JOIN_RX), MP_ROM_INT(JOIN_RX) },
    { MP_ROM_QSTR(MP_QSTR_IRQ_SM0), MP_ROM_INT(IRQ_SM0) },
    { MP_ROM_QSTR(MP_QSTR_IRQ_SM1), MP_ROM_INT(IRQ_SM1) },
    { MP_ROM_QSTR(MP_QSTR_IRQ_SM2), MP_ROM_INT(IRQ_SM2) },
    { MP_ROM_QSTR(MP_QSTR_IRQ_SM3), MP_ROM_INT(IRQ_SM3) },
};
static MP_DEFINE_CONST_DICT(pio_locals, pio_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(rp2_pio_type, MP_QSTR_PIO, MP_TYPE_FLAG_NONE, make_new, absent_make_new, locals_dict, &pio_locals);
MP_DEFINE_CONST_OBJ_TYPE(rp2_state_machine_type, MP_QSTR_StateMachine, MP_TYPE_FLAG_NONE, make_new, absent_make_new);
MP_DEFINE_CONST_OBJ_TYPE(rp2_dma_type, MP_QSTR_DMA, MP_TYPE_FLAG_NONE, make_new, absent_make_new);
