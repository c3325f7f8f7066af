"""The DHCP client of a station, as lwIP's: ask, ask again ever less often, start over."""

from collections.abc import Callable
from enum import Enum

from hil.virtual.air.addressing import UNCONFIGURED, Addressing
from hil.virtual.air.packets import DhcpKind, DhcpMessage
from hil.virtual.air.timing import DHCP_REBOOT_TRIES, DHCP_RETRY_S, LEASE_S
from hil.virtual.world import US_PER_S, ScheduledEvent, World


class _State(Enum):
    STOPPED = "stopped"
    SELECTING = "selecting"
    REQUESTING = "requesting"
    REBOOTING = "rebooting"
    BOUND = "bound"


class DhcpClient:
    """Gets an address for one station. ``bind`` is called with what was granted."""

    def __init__(
        self,
        world: World,
        mac: bytes,
        send: Callable[[DhcpMessage], None],
        bind: Callable[[Addressing], None],
    ) -> None:
        self._world = world
        self._mac = mac
        self._send = send
        self._bind = bind
        self._state = _State.STOPPED
        self._tries = 0
        self._wanted = UNCONFIGURED
        self._retry: ScheduledEvent | None = None

    def start(self, previous: Addressing) -> None:
        """The link is up: ask for the ``previous`` address again, or for any where there is none."""
        if previous == UNCONFIGURED:
            self._enter(_State.SELECTING, UNCONFIGURED)
        else:
            self._enter(_State.REBOOTING, previous)

    def stop(self) -> None:
        """The link is down, or the address was set by hand."""
        self._state = _State.STOPPED
        self._cancel_retry()

    def take(self, message: DhcpMessage) -> None:
        """A server's message to this client."""
        if message.kind is DhcpKind.OFFER and self._state is _State.SELECTING:
            self._enter(_State.REQUESTING, message.addressing)
        elif message.kind is DhcpKind.ACK and self._expects_grant_of(message.addressing.address):
            self._become_bound(message.addressing)

    def _expects_grant_of(self, address: str) -> bool:
        return self._state in (_State.REQUESTING, _State.REBOOTING) and address == self._wanted.address

    def _become_bound(self, granted: Addressing) -> None:
        self._state = _State.BOUND
        self._cancel_retry()
        # Half-way through the lease the client asks for it again, and the server extends it.
        self._retry = self._world.after(LEASE_S * US_PER_S // 2, self._renew)
        self._bind(granted)

    def _renew(self) -> None:
        self._enter(_State.REBOOTING, self._wanted)

    def _enter(self, state: _State, wanted: Addressing) -> None:
        self._state = state
        self._wanted = wanted
        self._tries = 0
        self._ask()

    def _ask(self) -> None:
        kind = DhcpKind.DISCOVER if self._state is _State.SELECTING else DhcpKind.REQUEST
        self._cancel_retry()
        wait_s = DHCP_RETRY_S[min(self._tries, len(DHCP_RETRY_S) - 1)]
        self._retry = self._world.after(wait_s * US_PER_S, self._ask_again)
        self._tries += 1
        self._send(DhcpMessage(kind, self._mac, self._wanted))

    def _ask_again(self) -> None:
        tries_max = {_State.REBOOTING: DHCP_REBOOT_TRIES, _State.REQUESTING: len(DHCP_RETRY_S)}.get(self._state)
        if tries_max is not None and self._tries >= tries_max:
            self._enter(_State.SELECTING, UNCONFIGURED)
        else:
            self._ask()

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
