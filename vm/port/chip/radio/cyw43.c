// The radio driver. Below it are two ways to the host: commands and frames down, events and frames up.
#include <string.h>
#include "py/mperrno.h"
#include "py/runtime.h"
#include "lib/cyw43-driver/src/cyw43.h"
#include "lwip/apps/mdns.h"
#include "lwip/dns.h"
#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/igmp.h"
#include "lwip/mld6.h"
#include "netif/ethernet.h"

// hil/virtual/port/radio.py has the same numbers.
enum command { COMMAND_ACCESS_POINT, COMMAND_JOIN, COMMAND_LEAVE, COMMAND_SCAN, COMMAND_RSSI, COMMAND_STATIONS, COMMAND_POWER_MANAGEMENT, COMMAND_GROUP };
enum event { EVENT_STATION_FRAME, EVENT_ACCESS_POINT_FRAME, EVENT_STATION_STATUS, EVENT_SCAN_RESULT, EVENT_SCAN_END };

cyw43_t cyw43_state;

// --- The interfaces of lwIP ---

int cyw43_send_ethernet(cyw43_t *self, int interface, size_t size, const void *data, bool is_pbuf) {
    if (!self->is_interface_up[interface]) {
        return -MP_EPERM;
    }
    if (is_pbuf) {
        const struct pbuf *chain = data;
        if (chain->next) {
            static uint8_t flat[RADIO_SLOT_SIZE];
            size = pbuf_copy_partial(chain, flat, MIN(size, sizeof(flat)), 0);
            data = flat;
        } else {
            data = chain->payload;
        }
    }
    host_transmit(interface, data, size);
    return 0;
}

static int interface_of(const struct netif *netif) {
    return netif == &cyw43_state.netif[CYW43_ITF_AP] ? CYW43_ITF_AP : CYW43_ITF_STA;
}

static err_t send_pbuf(struct netif *netif, struct pbuf *chain) {
    return cyw43_send_ethernet(netif->state, interface_of(netif), chain->tot_len, chain, true) ? ERR_IF : ERR_OK;
}

static void filter_group(enum netif_mac_filter_action action, const uint8_t mac[6]) {
    uint8_t message[7] = { action == NETIF_ADD_MAC_FILTER };
    memcpy(message + 1, mac, 6);
    host_radio(COMMAND_GROUP, message, sizeof(message), 0);
}

static err_t filter_ipv4_group(struct netif *netif, const ip4_addr_t *group, enum netif_mac_filter_action action) {
    const uint8_t *address = (const uint8_t *)&group->addr;
    const uint8_t mac[6] = { 0x01, 0x00, 0x5e, address[1] & 0x7f, address[2], address[3] };
    filter_group(action, mac);
    return ERR_OK;
}

static err_t filter_ipv6_group(struct netif *netif, const ip6_addr_t *group, enum netif_mac_filter_action action) {
    uint8_t mac[6] = { 0x33, 0x33 };
    memcpy(mac + 2, &group->addr[3], 4);
    filter_group(action, mac);
    return ERR_OK;
}

static err_t set_up_netif(struct netif *netif) {
    netif->name[0] = 'w';
    netif->name[1] = '0' + interface_of(netif);
    netif->mtu = 1500;
    netif->linkoutput = send_pbuf;
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    netif->hwaddr_len = 6;
    cyw43_wifi_get_mac(netif->state, interface_of(netif), netif->hwaddr);
    netif_set_igmp_mac_filter(netif, filter_ipv4_group);
    netif_set_mld_mac_filter(netif, filter_ipv6_group);
    return ERR_OK;
}

static void remove_netif(cyw43_t *self, int interface) {
    if (!self->has_netif[interface]) {
        return;
    }
    struct netif *netif = &self->netif[interface];
    CYW43_CB_TCPIP_DEINIT_EXTRA(self, interface);
    if (interface == CYW43_ITF_STA) {
        dhcp_stop(netif);
    } else {
        dhcp_server_deinit(&self->dhcp_server);
    }
    netif_remove(netif);
    self->has_netif[interface] = false;
}

static void add_netif(cyw43_t *self, int interface) {
    struct netif *netif = &self->netif[interface];
    ip4_addr_t address = { 0 }, mask = { 0 }, gateway = { 0 };
    if (interface == CYW43_ITF_AP) {
        IP4_ADDR(&address, 192, 168, 4, 1);
        IP4_ADDR(&mask, 255, 255, 255, 0);
        gateway = address;
    }
    remove_netif(self, interface);
    memset(netif, 0, sizeof(*netif));
    netif_add(netif, &address, &mask, &gateway, self, set_up_netif, ethernet_input);
    self->has_netif[interface] = true;
    netif_set_hostname(netif, CYW43_HOST_NAME);
    netif_create_ip6_linklocal_address(netif, 1);
    netif_set_ip6_autoconfig_enabled(netif, 1);
    netif_set_default(netif);
    netif_set_up(netif);
    CYW43_CB_TCPIP_INIT_EXTRA(self, interface);
    if (interface == CYW43_ITF_STA) {
        dns_setserver(0, IP_ADDR_ANY);
        dhcp_set_struct(netif, &self->dhcp_client);
        dhcp_start(netif);
    } else {
        // The server keeps these, whatever the interface's address becomes.
        ip_addr_t server, server_mask;
        ip_addr_copy_from_ip4(server, address);
        ip_addr_copy_from_ip4(server_mask, mask);
        dhcp_server_init(&self->dhcp_server, &server, &server_mask);
        netif_set_link_up(netif);
    }
}

// --- State ---

void cyw43_init(cyw43_t *self) {
    memset(self, 0, sizeof(*self));
    memcpy(self->mac, shared.mac, 6);
    self->access_point.channel = 3;
    self->quarter_dbm = 31 * 4;
    self->power_management = 10 << 20 | 1 << 16 | 1 << 12 | 20 << 4 | CYW43_PM2_POWERSAVE_MODE;
}

void cyw43_deinit(cyw43_t *self) {
    CYW43_THREAD_ENTER;
    cyw43_wifi_leave(self, CYW43_ITF_STA);
    cyw43_wifi_set_up(self, CYW43_ITF_STA, false, 0);
    cyw43_wifi_set_up(self, CYW43_ITF_AP, false, 0);
    self->pins = 0;
    CYW43_THREAD_EXIT;
}

static void tell_access_point(cyw43_t *self, bool is_up) {
    self->access_point.is_up = is_up;
    host_radio(COMMAND_ACCESS_POINT, &self->access_point, sizeof(self->access_point), 0);
}

void cyw43_wifi_set_up(cyw43_t *self, int interface, bool up, uint32_t country) {
    CYW43_THREAD_ENTER;
    if (up && !self->is_interface_up[interface]) {
        self->is_interface_up[interface] = true;
        if (interface == CYW43_ITF_AP) {
            tell_access_point(self, true);
        }
        add_netif(self, interface);
    } else if (!up && self->is_interface_up[interface]) {
        // First the protocols, which say goodbye.
        remove_netif(self, interface);
        self->is_interface_up[interface] = false;
        if (interface == CYW43_ITF_AP) {
            tell_access_point(self, false);
        }
    }
    CYW43_THREAD_EXIT;
}

int cyw43_wifi_link_status(cyw43_t *self, int interface) {
    if (interface == CYW43_ITF_AP) {
        return self->is_interface_up[interface] ? CYW43_LINK_UP : CYW43_LINK_DOWN;
    }
    return self->station_status == CYW43_LINK_UP ? CYW43_LINK_JOIN : self->station_status;
}

int cyw43_tcpip_link_status(cyw43_t *self, int interface) {
    struct netif *netif = &self->netif[interface];
    if (self->has_netif[interface] && netif_is_up(netif) && netif_is_link_up(netif)) {
        return ip4_addr_isany_val(*netif_ip4_addr(netif)) ? CYW43_LINK_NOIP : CYW43_LINK_UP;
    }
    return cyw43_wifi_link_status(self, interface);
}

int cyw43_wifi_get_mac(cyw43_t *self, int interface, uint8_t mac[6]) {
    memcpy(mac, self->mac, 6);
    return 0;
}

int cyw43_wifi_pm(cyw43_t *self, uint32_t pm) {
    self->power_management = pm;
    return host_radio(COMMAND_POWER_MANAGEMENT, &pm, sizeof(pm), 0);
}

int cyw43_wifi_get_pm(cyw43_t *self, uint32_t *pm) {
    *pm = self->power_management;
    return 0;
}

// --- Station ---

static size_t copy_limited(uint8_t *to, size_t room, const uint8_t *from, size_t size) {
    size = MIN(size, room);
    memcpy(to, from, size);
    return size;
}

int cyw43_wifi_join(cyw43_t *self, size_t ssid_len, const uint8_t *ssid, size_t key_len, const uint8_t *key, uint32_t auth, const uint8_t *bssid, uint32_t channel) {
    if (!self->is_interface_up[CYW43_ITF_STA]) {
        return -MP_EPERM;
    }
    struct radio_network *network = &self->station;
    if (ssid_len > sizeof(network->ssid) || (key && key_len > sizeof(network->key))) {
        return -MP_EINVAL;
    }
    CYW43_THREAD_ENTER;
    *network = (struct radio_network) { .auth = auth, .is_up = 1, .has_bssid = bssid != NULL };
    network->channel = channel == CYW43_CHANNEL_NONE ? 0 : channel;
    network->ssid_len = copy_limited(network->ssid, sizeof(network->ssid), ssid, ssid_len);
    if (key) {
        network->key_len = copy_limited(network->key, sizeof(network->key), key, key_len);
    }
    if (bssid) {
        memcpy(network->bssid, bssid, sizeof(network->bssid));
    }
    self->station_status = CYW43_LINK_JOIN;
    int result = host_radio(COMMAND_JOIN, network, sizeof(*network), 0);
    CYW43_THREAD_EXIT;
    return result;
}

int cyw43_wifi_leave(cyw43_t *self, int interface) {
    if (interface == CYW43_ITF_STA) {
        CYW43_THREAD_ENTER;
        self->station_status = CYW43_LINK_DOWN;
        self->station.ssid_len = 0;
        if (self->has_netif[CYW43_ITF_STA]) {
            netif_set_link_down(&self->netif[CYW43_ITF_STA]);
        }
        host_radio(COMMAND_LEAVE, NULL, 0, 0);
        CYW43_THREAD_EXIT;
    }
    return 0;
}

int cyw43_wifi_get_rssi(cyw43_t *self, int32_t *rssi) {
    *rssi = host_radio(COMMAND_RSSI, NULL, 0, 0);
    return 0;
}

int cyw43_wifi_scan(cyw43_t *self, cyw43_wifi_scan_options_t *options, void *env, cyw43_scan_callback_t callback) {
    if (!self->is_interface_up[CYW43_ITF_STA]) {
        return -MP_EPERM;
    }
    if (self->scan_callback) {
        return -MP_EINVAL;
    }
    self->scan_callback = callback;
    self->scan_env = env;
    return host_radio(COMMAND_SCAN, options, sizeof(*options), 0);
}

// --- Access point ---

void cyw43_wifi_ap_get_ssid(cyw43_t *self, size_t *size, const uint8_t **ssid) {
    *size = self->access_point.ssid_len;
    *ssid = self->access_point.ssid;
}

uint32_t cyw43_wifi_ap_get_auth(cyw43_t *self) {
    return self->access_point.auth;
}

void cyw43_wifi_ap_set_channel(cyw43_t *self, uint32_t channel) {
    self->access_point.channel = channel;
}

void cyw43_wifi_ap_set_ssid(cyw43_t *self, size_t size, const uint8_t *ssid) {
    struct radio_network *network = &self->access_point;
    network->ssid_len = copy_limited(network->ssid, sizeof(network->ssid), ssid, size);
}

void cyw43_wifi_ap_set_password(cyw43_t *self, size_t size, const uint8_t *key) {
    struct radio_network *network = &self->access_point;
    network->key_len = copy_limited(network->key, sizeof(network->key), key, size);
}

void cyw43_wifi_ap_set_auth(cyw43_t *self, uint32_t auth) {
    self->access_point.auth = auth;
}

void cyw43_wifi_ap_get_stas(cyw43_t *self, int *count, uint8_t *macs) {
    *count = host_radio(COMMAND_STATIONS, macs, 0, *count * 6);
}

// --- The chip's settings, asked for by number ---

static uint32_t channel_of(cyw43_t *self, uint32_t interface) {
    if (interface == CYW43_ITF_STA && self->station_status == CYW43_LINK_UP) {
        return self->station.channel;
    }
    return self->access_point.channel;
}

int cyw43_ioctl(cyw43_t *self, uint32_t command, size_t size, uint8_t *data, uint32_t interface) {
    static const char txpower[] = "qtxpower";
    uint32_t number;
    switch (command) {
        case CYW43_IOCTL_GET_SSID:
            number = self->station.ssid_len;
            memcpy(data, &number, 4);
            memcpy(data + 4, self->station.ssid, MIN(size - 4, sizeof(self->station.ssid)));
            break;
        case CYW43_IOCTL_GET_CHANNEL:
            number = channel_of(self, interface);
            memcpy(data, &number, 4);
            break;
        case CYW43_IOCTL_GET_ANTDIV:
            memcpy(data, &self->antenna, 4);
            break;
        case CYW43_IOCTL_SET_ANTDIV:
            memcpy(&self->antenna, data, 4);
            break;
        case CYW43_IOCTL_GET_VAR:
            if (size >= sizeof(txpower) && !memcmp(data, txpower, sizeof(txpower))) {
                memcpy(data, &self->quarter_dbm, 4);
            }
            break;
        case CYW43_IOCTL_SET_VAR:
            if (size >= sizeof(txpower) + 4 && !memcmp(data, txpower, sizeof(txpower))) {
                memcpy(&self->quarter_dbm, data + sizeof(txpower), 4);
            }
            break;
    }
    return 0;
}

int cyw43_gpio_set(cyw43_t *self, int pin, bool value) {
    self->pins = value ? self->pins | 1 << pin : self->pins & ~(1 << pin);
    host_written(PERIPHERAL_RADIO_PIN, pin << 1 | value);
    return 0;
}

int cyw43_gpio_get(cyw43_t *self, int pin, bool *value) {
    *value = self->pins >> pin & 1;
    return 0;
}

// --- What comes from the air ---

static void take_frame(cyw43_t *self, int interface, const uint8_t *data, size_t size) {
    struct netif *netif = &self->netif[interface];
    if (!self->has_netif[interface] || !netif_is_link_up(netif)) {
        return;
    }
    struct pbuf *pbuf = pbuf_alloc(PBUF_RAW, size, PBUF_POOL);
    if (pbuf) {
        pbuf_take(pbuf, data, size);
        if (netif->input(pbuf, netif) != ERR_OK) {
            pbuf_free(pbuf);
        }
    }
}

// Status, and the channel on which the station is.
static void take_status(cyw43_t *self, const uint8_t *data) {
    self->station_status = (int8_t)data[0];
    self->station.channel = data[1];
    if (self->has_netif[CYW43_ITF_STA]) {
        struct netif *netif = &self->netif[CYW43_ITF_STA];
        (self->station_status == CYW43_LINK_UP ? netif_set_link_up : netif_set_link_down)(netif);
    }
}

static void take_event(cyw43_t *self, enum event event, const uint8_t *data, size_t size) {
    switch (event) {
        case EVENT_STATION_FRAME:
            take_frame(self, CYW43_ITF_STA, data, size);
            break;
        case EVENT_ACCESS_POINT_FRAME:
            take_frame(self, CYW43_ITF_AP, data, size);
            break;
        case EVENT_STATION_STATUS:
            take_status(self, data);
            break;
        case EVENT_SCAN_RESULT:
            if (self->scan_callback) {
                self->scan_callback(self->scan_env, (const cyw43_ev_scan_result_t *)data);
            }
            break;
        case EVENT_SCAN_END:
            self->scan_callback = NULL;
            break;
    }
}

void cyw43_poll(void) {
    while (shared.radio_tail != shared.radio_head) {
        unsigned slot = shared.radio_tail % RADIO_SLOTS;
        take_event(&cyw43_state, shared.radio[slot].kind, shared.radio[slot].data, shared.radio[slot].size);
        shared.radio_tail++;
    }
    cyw43_post_poll_hook();
}
