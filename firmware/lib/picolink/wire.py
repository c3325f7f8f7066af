"""The wire format: text, one message per datagram.

    HELLO [id=…] [epoch=…] [rank=…]   client to AP: register me, send me the order
    WHO                               any station to AP: send me the order
    RENEW epoch seq [id=…]            first in order to AP: renew my lease
    BYE [id=…]                        client to AP: I am leaving
    ROLES epoch [ip,ip,… [seq]]       AP to client: the order; with seq it grants the RENEW of that number
    NODES: [ip, ip, …]                AP to client, apps without roles: the registered clients, in order
    NAMES [name,name,…]               AP to client, app mdns: the names of the registered clients, in order
    SAY seq [id=…]                    client to client: apps wireless_bus and mesh
    WELCOME …                         AP to client, app hello

Parts in brackets are optional. Anything else in a datagram is ignored.
"""

MAX_BYTES = 512
"""A longer datagram is ignored."""
MAX_ID_CHARS = 32
MAX_NUMBER_DIGITS = 9
"""So that every number is a small integer on the board."""
BYES = 3
"""A node that leaves sends BYE this many times at once: the radio loses some, and it cannot repeat one later."""
WORDS = ("HELLO", "WHO", "RENEW", "BYE", "ROLES", "NODES:", "NAMES", "SAY", "WELCOME")


class Malformed(Exception):
    """A datagram to be counted and ignored."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Message:
    """One parsed datagram. Fields that it does not carry keep their defaults."""

    def __init__(self, word: str, text: str) -> None:
        self.word = word
        self.text = text
        self.id = ""
        self.epoch = 0
        self.rank: int | None = None
        self.seq: int | None = None
        self.order: list[str] = []


def parse(data: bytes) -> Message:
    """The message in `data`. Raises Malformed with reason too-long, not-utf8 or unknown."""
    if len(data) > MAX_BYTES:
        raise Malformed("too-long")
    try:
        text = data.decode()
    except UnicodeError:
        raise Malformed("not-utf8") from None
    tokens = text.split()
    if not tokens or tokens[0] not in WORDS:
        raise Malformed("unknown")
    message = Message(tokens[0], text)
    if message.word == "RENEW":
        if len(tokens) < 3:
            raise Malformed("unknown")
        message.epoch = _number(tokens[1])
        message.seq = _number(tokens[2])
    elif message.word == "ROLES":
        _read_roles(message, tokens)
    elif message.word == "NODES:":
        message.order = _addresses("".join(tokens[1:]))
    elif message.word == "NAMES":
        message.order = [_identity(part) for part in tokens[1].split(",")] if len(tokens) > 1 else []
    elif message.word == "SAY":
        if len(tokens) < 2:
            raise Malformed("unknown")
        message.seq = _number(tokens[1])
    if message.word in ("HELLO", "RENEW", "BYE", "SAY"):
        _read_fields(message, tokens)
    return message


def _read_roles(message: Message, tokens: list[str]) -> None:
    if not 2 <= len(tokens) <= 4:
        raise Malformed("unknown")
    message.epoch = _number(tokens[1])
    if len(tokens) > 2:
        message.order = _addresses(tokens[2])
    if len(tokens) > 3:
        message.seq = _number(tokens[3])


def _read_fields(message: Message, tokens: list[str]) -> None:
    for token in tokens:
        key, _, value = token.partition("=")
        if key == "id":
            message.id = _identity(value)
        elif key == "epoch":
            message.epoch = _number(value)
        elif key == "rank":
            message.rank = _number(value)


def _number(text: str) -> int:
    if not 0 < len(text) <= MAX_NUMBER_DIGITS or not all("0" <= char <= "9" for char in text):
        raise Malformed("unknown")
    return int(text)


def _identity(text: str) -> str:
    printable = all("!" <= char <= "~" and char not in ",@" for char in text)
    if not 0 < len(text) <= MAX_ID_CHARS or not printable:
        raise Malformed("unknown")
    return text


def _addresses(text: str) -> list[str]:
    return [_address(part) for part in text.split(",")] if text else []


def _address(text: str) -> str:
    parts = text.split(".")
    if len(parts) != 4 or any(_number(part) > 255 for part in parts):
        raise Malformed("unknown")
    return text


def hello(node_id: str, epoch: int, rank: int | None) -> str:
    """A HELLO with what the node knows: epoch 0 if it knows no order, rank None if it has no place in it."""
    text = "HELLO id=" + node_id
    if epoch:
        text += f" epoch={epoch}"
    if rank is not None:
        text += f" rank={rank}"
    return text


def renew(node_id: str, epoch: int, seq: int) -> str:
    """A RENEW of the lease."""
    return f"RENEW {epoch} {seq} id={node_id}"


def bye(node_id: str) -> str:
    """A BYE."""
    return f"BYE id={node_id}"


def roles(epoch: int, order: list[str], seq: int | None = None) -> str:
    """A ROLES; `seq` is that of the RENEW it grants, and is only sent with an order that is not empty."""
    text = f"ROLES {epoch}"
    if order:
        text += " " + ",".join(order)
        if seq is not None:
            text += f" {seq}"
    return text


def nodes(addresses: list[str]) -> str:
    """A NODES."""
    return "NODES: " + ", ".join(addresses)


def names(listed: list[str]) -> str:
    """A NAMES."""
    return "NAMES " + ",".join(listed)


def saying(node_id: str, seq: int) -> str:
    """A SAY, numbered so that the receiver can tell messages apart."""
    return f"SAY {seq} id={node_id}"
