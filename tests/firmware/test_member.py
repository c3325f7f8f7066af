import pytest
from picolink import wire
from picolink.member import Member
from picolink.timing import AP_SILENT_MS, HELLO_PERIOD_MS, LEASE_MS

AP = ("192.168.4.1", 5000)
IP = "192.168.4.16"
OTHER = "192.168.4.17"


class Client:
    """A member that has joined at time 0, whose random numbers are all 0."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str]] = []
        self.printed: list[str] = []
        self.now_ms = 0
        self.member = Member("a", AP, self._send, self.printed.append, lambda _: 0)
        self.member.link(0, IP)
        self.run_to(0)

    def _send(self, text: str, to: tuple[str, int]) -> None:
        assert to == AP
        self.sent.append((self.now_ms, text))

    def run_to(self, now_ms: int) -> None:
        while (due_ms := self.member.tick(self.now_ms)) <= now_ms:
            assert due_ms > self.now_ms, "asked to be called again at once"
            self.now_ms = due_ms
        self.now_ms = now_ms

    def hear(self, text: str, sender: tuple[str, int] = AP) -> None:
        self.member.received(self.now_ms, wire.parse(text.encode()), sender)
        self.member.tick(self.now_ms)

    def texts(self) -> list[str]:
        sent = [text for _, text in self.sent]
        self.sent.clear()
        return sent


def master() -> Client:
    client = Client()
    client.hear(f"ROLES 1 {IP},{OTHER}")
    client.hear(f"ROLES 1 {IP},{OTHER} 1")
    assert client.member.role == "MASTER"
    return client


def test_sends_hello_every_second_until_listed() -> None:
    client = Client()
    client.run_to(3500)
    assert client.texts() == ["HELLO id=a"] * 4


def test_listed_worker_sends_hello_every_period_and_prints_its_role() -> None:
    client = Client()
    client.hear(f"ROLES 4 {OTHER},{IP}")
    assert client.printed == [
        f"roles epoch=4 order={OTHER},{IP}",
        "registered epoch=4 rank=1",
        "role role=WORKER1 epoch=4",
    ]
    client.sent.clear()
    for _ in range(4):
        client.run_to(client.now_ms + HELLO_PERIOD_MS)
        client.hear(f"ROLES 4 {OTHER},{IP}")
    assert [time_ms for time_ms, _ in client.sent] == [5000, 10000, 15000, 20000]
    assert client.texts()[-1] == "HELLO id=a epoch=4 rank=1"


def test_unanswered_hello_is_repeated_every_second() -> None:
    client = Client()
    client.hear(f"ROLES 4 {OTHER},{IP}")
    # News of other nodes, long after the last HELLO, is not an answer to the next one.
    client.run_to(4900)
    client.hear(f"ROLES 4 {OTHER},{IP},192.168.4.18")
    client.sent.clear()
    client.run_to(8500)
    assert [time_ms for time_ms, _ in client.sent] == [5000, 6000, 7000, 8000]


def test_hello_after_rejoining_is_repeated_every_second_too() -> None:
    client = Client()
    client.hear(f"ROLES 4 {OTHER},{IP}")
    client.run_to(2000)
    client.member.link(2000, "")
    client.sent.clear()
    client.now_ms = 30000
    client.member.link(30000, IP)
    client.run_to(32500)
    assert [time_ms for time_ms, _ in client.sent] == [30000, 31000, 32000]


def test_order_that_is_read_after_the_link_was_lost_costs_no_node_its_place() -> None:
    client = Client()
    client.hear(f"ROLES 4 {OTHER},{IP}")
    client.member.link(1000, "")
    client.hear(f"ROLES 4 {OTHER},{IP}")
    client.member.link(1000, IP)
    client.sent.clear()
    client.run_to(1000)
    assert client.texts()[-1] == "HELLO id=a epoch=4 rank=1"


def test_first_in_order_is_master_only_once_its_renewal_is_answered() -> None:
    client = Client()
    client.hear(f"ROLES 1 {IP}")
    assert client.member.role == "NONE"
    assert client.texts() == ["HELLO id=a", "RENEW 1 1 id=a"]
    client.hear(f"ROLES 1 {IP} 7")
    assert client.member.role == "NONE"
    client.hear(f"ROLES 1 {IP} 1")
    assert client.printed[-1] == "role role=MASTER epoch=1"


def test_lease_counts_from_the_sending_not_from_the_answer() -> None:
    client = Client()
    client.hear(f"ROLES 1 {IP}")
    client.run_to(200)
    client.hear(f"ROLES 1 {IP} 1")
    client.run_to(LEASE_MS - 1)
    assert client.member.role == "MASTER"
    client.run_to(LEASE_MS)
    assert client.printed[-1] == "role role=NONE epoch=1 reason=lease-expired"


def test_answer_after_the_end_of_the_lease_is_ignored() -> None:
    client = Client()
    client.hear(f"ROLES 1 {IP}")
    client.run_to(LEASE_MS)
    client.hear(f"ROLES 1 {IP} 1")
    assert client.member.role == "NONE"


def test_master_repeats_an_unanswered_renewal_as_long_as_its_lease_lasts() -> None:
    client = master()
    client.run_to(LEASE_MS - 1)
    assert [time_ms for time_ms, text in client.sent if "RENEW" in text] == [0, *range(1000, LEASE_MS, 250)]
    client.hear(f"ROLES 1 {IP},{OTHER} 4")
    client.run_to(LEASE_MS)
    assert client.member.role == "MASTER"


def test_master_renews_every_second() -> None:
    client = master()
    for _ in range(5):
        client.run_to(client.now_ms + 1000)
        client.hear(f"ROLES 1 {IP},{OTHER} {client.sent[-1][1].split()[2]}")
    assert [time_ms for time_ms, text in client.sent if "RENEW" in text] == [0, 1000, 2000, 3000, 4000, 5000]
    assert client.member.role == "MASTER"


def test_renewals_without_an_answer_are_repeated_soon_then_slowly() -> None:
    client = Client()
    client.hear(f"ROLES 1 {IP}")
    client.run_to(4000)
    assert [time_ms for time_ms, text in client.sent if "RENEW" in text] == [0, 250, 750, 1750, 2750, 3750]


def test_promoted_worker_renews_at_once() -> None:
    client = Client()
    client.hear(f"ROLES 1 {OTHER},{IP}")
    client.run_to(500)
    client.sent.clear()
    client.hear(f"ROLES 2 {IP}")
    assert client.sent == [(500, "RENEW 2 1 id=a")]
    assert client.printed[-1] == "role role=NONE epoch=2 reason=no-lease-yet"


def test_lower_epoch_is_ignored_and_answered_with_the_known_one() -> None:
    client = master()
    client.sent.clear()
    client.hear(f"ROLES 0 {OTHER}")
    assert client.member.role == "MASTER"
    assert client.member.epoch == 1
    client.run_to(1000)
    assert "HELLO id=a epoch=1 rank=0" in client.texts()


def test_shorter_order_of_the_same_epoch_is_older() -> None:
    client = Client()
    client.hear(f"ROLES 1 {OTHER},{IP}")
    client.hear(f"ROLES 1 {OTHER}")
    assert client.member.role == "WORKER1"


def test_node_that_is_dropped_has_no_role_and_registers_again() -> None:
    client = master()
    client.run_to(1500)
    client.sent.clear()
    client.hear(f"ROLES 2 {OTHER}")
    assert client.printed[-1] == "role role=NONE epoch=2 reason=not-listed"
    client.run_to(2000)
    assert client.texts() == ["HELLO id=a epoch=2"]


@pytest.mark.parametrize("sender", [("192.168.4.20", 5000), ("192.168.4.1", 5001)])
def test_messages_are_accepted_from_the_ap_only(sender: tuple[str, int]) -> None:
    client = Client()
    with pytest.raises(wire.Malformed, match="foreign"):
        client.hear(f"ROLES 9 {IP}", sender)
    assert client.member.epoch == 0


def test_a_client_refuses_messages_that_only_an_ap_receives() -> None:
    with pytest.raises(wire.Malformed, match="unknown"):
        Client().hear("HELLO id=b")


def test_lease_runs_out_without_wifi_too() -> None:
    client = master()
    client.run_to(1000)
    client.member.link(client.now_ms, "")
    client.run_to(LEASE_MS)
    assert client.printed[-1] == "role role=NONE epoch=1 reason=lease-expired"


def test_leaving_gives_up_the_role_before_bye_is_sent() -> None:
    client = master()
    client.sent.clear()
    client.member.leave()
    assert client.printed[-1] == "role role=NONE epoch=1 reason=bye"
    assert client.texts() == ["BYE id=a"] * 3


def test_ap_that_is_silent_for_long_means_a_dead_link() -> None:
    client = master()
    assert not client.member.is_deaf(AP_SILENT_MS - 1)
    assert client.member.is_deaf(AP_SILENT_MS)
