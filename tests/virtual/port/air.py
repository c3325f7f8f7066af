"""A minimal Wi-Fi: access points, stations and the frames between them. Every board is in range of every other."""

import struct
from dataclasses import dataclass, field

from hil.virtual.world import World
from tests.virtual.port.bench import Board

NETWORK = struct.Struct("<IBBB6sB32sB64s")
"""``struct radio_network`` of vm/port/chip/radio/cyw43.h: auth, channel, is_up, has_bssid, bssid, ssid, key."""

ACCESS_POINT, JOIN, LEAVE, SCAN, RSSI, STATIONS, POWER_MANAGEMENT, GROUP = range(8)
STATION_FRAME, ACCESS_POINT_FRAME, STATION_STATUS, SCAN_RESULT, SCAN_END = range(5)
LATENCY_US = 1500
JOIN_US = 300_000


@dataclass
class Network:
    """A Wi-Fi network that a board announces or wants to join."""

    ssid: bytes
    key: bytes
    auth: int
    channel: int


@dataclass
class Air:
    """What all boards of a world share."""

    world: World
    networks: dict[int, tuple[Board, Network]] = field(default_factory=dict)
    joined: dict[int, tuple[Board, Board]] = field(default_factory=dict)
    frames: list[tuple[int, bytes]] = field(default_factory=list)

    def command(self, board: Board, command: int, data: bytes, room: int) -> tuple[int, bytes]:
        if command in (ACCESS_POINT, JOIN):
            auth, channel, is_up, _, _, ssid_len, ssid, key_len, key = NETWORK.unpack(data[: NETWORK.size])
            network = Network(ssid[:ssid_len], key[:key_len], auth, channel)
            if command == JOIN:
                self.world.after(JOIN_US + board.number * 37_000, lambda: self._join(board, network))
            elif is_up:
                self.networks[board.number] = board, network
            else:
                self.networks.pop(board.number, None)
        elif command == LEAVE:
            self.joined.pop(board.number, None)
        elif command == SCAN:
            self.world.after(JOIN_US, lambda: self._scan(board))
        elif command == RSSI:
            return -40, b""
        elif command == STATIONS:
            macs = [station.mac for station, point in self.joined.values() if point is board]
            return len(macs), b"".join(macs)[:room]
        return 0, b""

    def _join(self, board: Board, wanted: Network) -> None:
        for point, network in self.networks.values():
            if network.ssid == wanted.ssid:
                if network.key == wanted.key:
                    self.joined[board.number] = board, point
                    self.post(board, STATION_STATUS, bytes((3, network.channel)))
                else:
                    self.post(board, STATION_STATUS, b"\xfd\0")
                return
        self.post(board, STATION_STATUS, b"\xfe\0")

    def _scan(self, board: Board) -> None:
        for point, network in self.networks.values():
            result = struct.pack(
                "<6sB32sxHBxh",
                point.mac,
                len(network.ssid),
                network.ssid,
                network.channel,
                5 if network.auth else 0,
                -40,
            )
            self.post(board, SCAN_RESULT, result)
        self.post(board, SCAN_END, b"")

    def leave(self, board: Board) -> None:
        self.networks.pop(board.number, None)
        self.joined.pop(board.number, None)

    def carry(self, board: Board, interface: int, frame: bytes) -> None:
        self.frames.append((self.world.now_us, frame))
        is_group = frame[0] & 1
        if interface == 1:
            for station, point in self.joined.values():
                if point is board and (is_group or station.mac == frame[:6]):
                    self.post(station, STATION_FRAME, frame, LATENCY_US)
        elif board.number in self.joined:
            point = self.joined[board.number][1]
            if is_group or point.mac == frame[:6]:
                self.post(point, ACCESS_POINT_FRAME, frame, LATENCY_US)
            for station, other in self.joined.values():
                if other is point and station is not board and (is_group or station.mac == frame[:6]):
                    self.post(station, STATION_FRAME, frame, 2 * LATENCY_US)

    def post(self, board: Board, kind: int, data: bytes, delay_us: int = 0) -> None:
        self.world.after(delay_us, lambda: self._give(board, kind, data))

    def _give(self, board: Board, kind: int, data: bytes) -> None:
        if not board.chip.is_running:
            return
        if board.chip.shared.post_radio(kind, data):
            board.chip.attend()
        else:
            self.post(board, kind, data, 1000)
