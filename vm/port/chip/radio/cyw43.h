// The interface of the radio driver, written from the calls to it in MicroPython's extmod/network_cyw43.c and ports/rp2
// alone, with the numbers that MicroPython's documentation gives.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "cyw43_configport.h"
#include "lwip/dhcp.h"
#include "lwip/netif.h"
#include "shared/netutils/dhcpserver.h"

enum { CYW43_ITF_STA, CYW43_ITF_AP };
#define INTERFACES 2

enum {
    CYW43_LINK_DOWN = 0,
    CYW43_LINK_JOIN = 1,
    CYW43_LINK_NOIP = 2,
    CYW43_LINK_UP = 3,
    CYW43_LINK_FAIL = -1,
    CYW43_LINK_NONET = -2,
    CYW43_LINK_BADAUTH = -3,
};

enum {
    CYW43_AUTH_OPEN = 0,
    CYW43_AUTH_WPA2_AES_PSK = 0x00400004,
    CYW43_AUTH_WPA2_MIXED_PSK = 0x00400006,
    CYW43_AUTH_WPA3_SAE_AES_PSK = 0x01000004,
    CYW43_AUTH_WPA3_WPA2_AES_PSK = 0x01400004,
};

enum { CYW43_NO_POWERSAVE_MODE, CYW43_PM1_POWERSAVE_MODE, CYW43_PM2_POWERSAVE_MODE };
enum { CYW43_TRACE_MAC = 2 };
#define CYW43_CHANNEL_NONE 0xffffffff
#define CYW43_COUNTRY(a, b, revision) ((uint8_t)(a) | (uint8_t)(b) << 8 | (revision) << 16)

enum {
    CYW43_IOCTL_GET_SSID = 0x32,
    CYW43_IOCTL_GET_CHANNEL = 0x3a,
    CYW43_IOCTL_GET_ANTDIV = 0x7e,
    CYW43_IOCTL_SET_ANTDIV = 0x81,
    CYW43_IOCTL_SET_MONITOR = 0xd9,
    CYW43_IOCTL_GET_VAR = 0x20c,
    CYW43_IOCTL_SET_VAR = 0x20f,
};

#define CYW43_STAT_INC(counter)

typedef struct {
    uint8_t scan_type;
    uint8_t ssid_len;
    uint8_t ssid[32];
    uint8_t bssid[6];
} cyw43_wifi_scan_options_t;

typedef struct {
    uint8_t bssid[6];
    uint8_t ssid_len;
    uint8_t ssid[32];
    uint16_t channel;
    uint8_t auth_mode;
    int16_t rssi;
} cyw43_ev_scan_result_t;

typedef int (*cyw43_scan_callback_t)(void *env, const cyw43_ev_scan_result_t *result);

// A network as the host is told of it: ours, or one to join. hil/virtual/port/radio.py reads it.
struct radio_network {
    uint32_t auth;
    uint8_t channel;   // 0: any
    uint8_t is_up;
    uint8_t has_bssid;
    uint8_t bssid[6];
    uint8_t ssid_len;
    uint8_t ssid[32];
    uint8_t key_len;
    uint8_t key[64];
};

typedef struct {
    // Used by MicroPython.
    struct netif netif[INTERFACES];
    uint8_t mac[6];
    uint32_t trace_flags;
    // The driver's own.
    struct dhcp dhcp_client;
    dhcp_server_t dhcp_server;
    bool is_interface_up[INTERFACES];
    bool has_netif[INTERFACES];
    int station_status;
    struct radio_network station;
    struct radio_network access_point;
    cyw43_scan_callback_t scan_callback;   // NULL: no scan
    void *scan_env;
    uint32_t power_management;
    uint32_t antenna;
    uint32_t quarter_dbm;
    uint8_t pins;
} cyw43_t;

extern cyw43_t cyw43_state;

void cyw43_init(cyw43_t *self);
void cyw43_deinit(cyw43_t *self);
void cyw43_irq_init(void);
void cyw43_poll(void);
int cyw43_ioctl(cyw43_t *self, uint32_t command, size_t size, uint8_t *data, uint32_t interface);
int cyw43_send_ethernet(cyw43_t *self, int interface, size_t size, const void *data, bool is_pbuf);
int cyw43_gpio_set(cyw43_t *self, int pin, bool value);
int cyw43_gpio_get(cyw43_t *self, int pin, bool *value);

void cyw43_wifi_set_up(cyw43_t *self, int interface, bool up, uint32_t country);
int cyw43_wifi_pm(cyw43_t *self, uint32_t pm);
int cyw43_wifi_get_pm(cyw43_t *self, uint32_t *pm);
int cyw43_wifi_link_status(cyw43_t *self, int interface);
int cyw43_tcpip_link_status(cyw43_t *self, int interface);
int cyw43_wifi_get_mac(cyw43_t *self, int interface, uint8_t mac[6]);
int cyw43_wifi_get_rssi(cyw43_t *self, int32_t *rssi);
int cyw43_wifi_scan(cyw43_t *self, cyw43_wifi_scan_options_t *options, void *env, cyw43_scan_callback_t callback);
static inline bool cyw43_wifi_scan_active(cyw43_t *self) { return self->scan_callback != NULL; }
int cyw43_wifi_join(cyw43_t *self, size_t ssid_len, const uint8_t *ssid, size_t key_len, const uint8_t *key, uint32_t auth, const uint8_t *bssid, uint32_t channel);
int cyw43_wifi_leave(cyw43_t *self, int interface);
void cyw43_wifi_ap_get_ssid(cyw43_t *self, size_t *size, const uint8_t **ssid);
uint32_t cyw43_wifi_ap_get_auth(cyw43_t *self);
void cyw43_wifi_ap_set_channel(cyw43_t *self, uint32_t channel);
void cyw43_wifi_ap_set_ssid(cyw43_t *self, size_t size, const uint8_t *ssid);
void cyw43_wifi_ap_set_password(cyw43_t *self, size_t size, const uint8_t *key);
void cyw43_wifi_ap_set_auth(cyw43_t *self, uint32_t auth);
void cyw43_wifi_ap_get_stas(cyw43_t *self, int *count, uint8_t *macs);
