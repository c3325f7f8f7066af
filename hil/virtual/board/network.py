# The network module of a Pico W. hil/virtual/hal/wlan.py answers the calls.
import json

from _hal import call as _call

STA_IF = 0
AP_IF = 1
STAT_IDLE = 0
STAT_CONNECTING = 1
STAT_GOT_IP = 3
STAT_CONNECT_FAIL = -1
STAT_NO_AP_FOUND = -2
STAT_WRONG_PASSWORD = -3

_STATUS_WORDS = {0: "down", 1: "join", 2: "join", 3: "up", -2: "nonet", -3: "badauth"}


def _text(value):
    return value.decode() if isinstance(value, (bytes, bytearray)) else value


def hostname(name=None):
    if name is None:
        return _call("wlan.hostname")
    _call("wlan.hostname", name)


def country(code=None):
    global _country
    if code is None:
        return _country
    if len(code) != 2:
        raise ValueError
    _country = code


_country = "XX"


class WLAN:
    IF_STA = 0
    IF_AP = 1
    SEC_OPEN = 0
    SEC_WPA_WPA2 = 0x00400006
    SEC_WPA3 = 0x01000004
    SEC_WPA2_WPA3 = 0x01400004
    PM_NONE = 0x10
    PM_PERFORMANCE = 0xA11142
    PM_POWERSAVE = 0xA11C82

    def __new__(cls, interface=0):
        return _interfaces[1 if interface else 0]

    def _ask(self, op, payload=""):
        return _call("wlan.%s %d" % (op, self._i), payload)

    def __repr__(self):
        state = _STATUS_WORDS.get(self.status(), "fail")
        return "<CYW43 %s %s %s>" % ("AP" if self._i else "STA", state, self.ifconfig()[0])

    def active(self, on=None):
        if on is None:
            return self._ask("active")
        _call("wlan.active %d %d" % (self._i, bool(on)))

    def deinit(self):
        self._ask("deinit")

    def connect(self, ssid, key=None, *, auth=-1, security=-1, bssid=None, channel=-1):
        if bssid is not None and len(bssid) != 6:
            raise ValueError
        self._ask("connect", json.dumps((_text(ssid), _text(key or ""))))

    def disconnect(self):
        self._ask("disconnect")

    def isconnected(self):
        return self._ask("isconnected")

    def status(self, what=None):
        if what is None:
            return self._ask("status")
        if what == "stations":
            if not self._i:
                raise ValueError("AP required")
            return [(bytes.fromhex(mac),) for mac in self._ask("stations")]
        if what == "rssi":
            if self._i:
                raise ValueError("STA required")
            return self._ask("rssi")
        raise ValueError("unknown status param")

    def scan(self, *, passive=False, essid=None, bssid=None):
        page = self._ask("scan")
        found = []
        while page:
            for r in page:
                found.append((r[0].encode(), bytes.fromhex(r[1]), r[2], r[3], r[4], r[5]))
            page = _call("wlan.scanned %d" % len(found))
        if essid:
            found = [r for r in found if r[0] == essid or r[0].decode() == essid]
        return found if bssid is None else [r for r in found if r[1] == bssid]

    def config(self, *names, **values):
        if values:
            if names:
                raise TypeError("can't specify pos and kw args")
            self._ask("set", json.dumps({k: _text(v) for k, v in values.items()}))
        elif len(names) != 1:
            raise TypeError("must query one param")
        else:
            return _call("wlan.get %d %s" % (self._i, names[0]))

    def ifconfig(self, value=None):
        if value is None:
            return tuple(self._ask("ifconfig").split(" "))
        self._ask("ifconfig", json.dumps(value))

    def ipconfig(self, *names, **values):
        address, netmask, gateway, dns = self.ifconfig()
        if not values:
            if len(names) != 1:
                raise TypeError("must query one param")
            name = names[0]
            if name == "addr4":
                return address, netmask
            if name == "gw4":
                return gateway
            if name in ("dhcp4", "has_dhcp4"):
                return self._ask("dhcp") if name == "dhcp4" else self._ask("dhcp") and address != "0.0.0.0"
            raise ValueError("unexpected key")
        for name, value in values.items():
            if name == "dhcp4":
                if value:
                    return self.ifconfig("dhcp")
            elif name == "gw4":
                gateway = value
            elif name == "addr4":
                if isinstance(value, str):
                    value = value.split("/")
                    bits = int(value[1]) if len(value) > 1 else 32
                    mask = 0xFFFFFFFF << (32 - bits) & 0xFFFFFFFF
                    value = value[0], ".".join(str(mask >> s & 255) for s in (24, 16, 8, 0))
                address, netmask = value
            else:
                raise ValueError("unexpected key")
        self.ifconfig((address, netmask, gateway, dns))


def _interface(i):
    wlan = object.__new__(WLAN)
    wlan._i = i
    return wlan


_interfaces = (_interface(0), _interface(1))
