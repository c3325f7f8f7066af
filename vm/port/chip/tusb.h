// What MicroPython calls of TinyUSB, written from the calls in shared/tinyusb alone.
#pragma once
#include "sdk.h"
#define CFG_TUD_CDC_EP_BUFSIZE 64
#define OPT_MODE_FULL_SPEED 0
#define OPT_MODE_HIGH_SPEED 1
#define TUSB_DIR_IN_MASK 0x80
#include "tusb_config.h"

#define TU_ATTR_FAST_FUNC
#define TUSB_SPEED_HIGH 2
#define tud_speed_get() 0
typedef struct { uint8_t rx_persistent, tx_persistent, tx_overwritabe_if_not_connected; } tud_cdc_configure_fifo_t;
typedef struct { uint32_t bit_rate; } cdc_line_coding_t;
typedef struct { uint8_t event_id; } dcd_event_t;
typedef struct { uint8_t bLength; } tusb_desc_device_t;
#define TUD_CONFIG_DESC_LEN 9
#define TUD_CDC_DESC_LEN 66
#define TUD_MSC_DESC_LEN 23
#define tud_cdc_configure_fifo(configuration) ((void)(configuration))
void tusb_init(void);
bool tusb_inited(void);
bool tud_mounted(void);
void tud_task_ext(uint32_t timeout_ms, bool in_isr);
void tud_sof_cb_enable(bool enable);
bool tud_cdc_connected(void);
uint32_t tud_cdc_n_available(uint8_t interface);
int32_t tud_cdc_read_char(void);
uint32_t tud_cdc_write(const void *data, uint32_t size);
uint32_t tud_cdc_write_available(void);
void tud_cdc_n_get_line_coding(uint8_t interface, cdc_line_coding_t *coding);
#define tud_cdc_write_flush()
