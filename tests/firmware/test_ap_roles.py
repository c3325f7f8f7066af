import pytest
from picolink import wire
from picolink.ap_roles import Authority
from picolink.timing import COLLECT_MS, LEASE_AT_AP_MS, WORKER_SILENT_MS

EVERYONE = ("192.168.4.255", 5001)


def at(number: int) -> tuple[str, int]:
    return f"192.168.4.{number}", 5001


class Ap:
    """An AP that has collected already, and nodes a, b, c … at .16, .17, .18 …"""

    def __init__(self, collected: bool = True) -> None:
        self.sent: list[tuple[str, tuple[str, int]]] = []
        self.printed: list[str] = []
        self.now_ms = 0
        self.authority = Authority(0, EVERYONE, lambda text, to: self.sent.append((text, to)), self.printed.append)
        if collected:
            self.run_to(COLLECT_MS)

    def run_to(self, now_ms: int) -> None:
        while (due_ms := self.authority.tick(self.now_ms)) <= now_ms:
            assert due_ms > self.now_ms, "asked to be called again at once"
            self.now_ms = due_ms
        self.now_ms = now_ms

    def hear(self, text: str, number: int) -> str:
        """Its last answer to that address."""
        self.sent.clear()
        self.authority.received(self.now_ms, wire.parse(text.encode()), at(number))
        return next((text for text, to in reversed(self.sent) if to == at(number)), "")

    @property
    def order(self) -> tuple[int, list[str]]:
        roster = self.authority.roster
        return roster.epoch, [node.id for node in roster.nodes]


def three() -> Ap:
    ap = Ap()
    for number, node in enumerate("abc"):
        ap.hear(f"HELLO id={node}", 16 + number)
    return ap


def test_order_is_that_of_first_hello() -> None:
    ap = three()
    assert ap.hear("HELLO id=a", 16) == "ROLES 1 192.168.4.16,192.168.4.17,192.168.4.18"
    assert ap.order == (1, ["a", "b", "c"])


def test_hello_without_id_is_known_by_its_address() -> None:
    ap = Ap()
    ap.hear("HELLO", 20)
    assert ap.hear("HELLO", 20) == "ROLES 1 192.168.4.20"
    assert ap.hear("RENEW 1 7", 20) == "ROLES 1 192.168.4.20 7"


def test_who_is_answered_and_registers_no_node() -> None:
    ap = three()
    assert ap.hear("WHO", 30) == "ROLES 1 192.168.4.16,192.168.4.17,192.168.4.18"
    assert ap.order == (1, ["a", "b", "c"])


def test_only_the_first_is_granted_the_lease() -> None:
    ap = three()
    assert ap.hear("RENEW 1 5 id=b", 17).endswith("18")
    assert ap.hear("RENEW 1 5 id=a", 16).endswith("18 5")


def test_a_node_that_moves_stays_the_same_node() -> None:
    ap = three()
    assert ap.hear("HELLO id=b epoch=1 rank=1", 40) == "ROLES 2 192.168.4.16,192.168.4.40,192.168.4.18"


def test_silent_master_is_dropped_and_the_next_is_notified() -> None:
    ap = three()
    ap.hear("RENEW 1 5 id=a", 16)
    ap.sent.clear()
    ap.run_to(COLLECT_MS + LEASE_AT_AP_MS - 1)
    assert ap.order == (1, ["a", "b", "c"])
    ap.sent.clear()
    ap.run_to(COLLECT_MS + LEASE_AT_AP_MS)
    assert ap.order == (2, ["b", "c"])
    assert ap.sent == [("ROLES 2 192.168.4.17,192.168.4.18", at(17)), ("ROLES 2 192.168.4.17,192.168.4.18", at(18))]
    assert ap.printed[-2:] == ["dropped id=a reason=lease", "order epoch=2 nodes=b@192.168.4.17,c@192.168.4.18"]
    assert ap.hear("RENEW 1 9 id=b", 17).endswith(" 9")


def test_a_changed_order_is_sent_repeatedly() -> None:
    ap = three()
    ap.sent.clear()
    ap.run_to(ap.now_ms + 2500)
    assert [to for _, to in ap.sent].count(at(17)) == 4


def test_first_that_never_renews_is_dropped_too() -> None:
    ap = three()
    ap.run_to(ap.now_ms + LEASE_AT_AP_MS)
    assert ap.order == (2, ["b", "c"])
    ap.run_to(ap.now_ms + LEASE_AT_AP_MS)
    assert ap.order == (3, ["c"])


def test_silent_worker_is_dropped_and_the_first_stays() -> None:
    ap = three()
    start_ms = ap.now_ms
    for second in range(1, 16):
        ap.run_to(start_ms + second * 1000)
        ap.hear(f"RENEW 1 {second} id=a", 16)
        if second % 5 == 0:
            ap.hear("HELLO id=c epoch=1 rank=2", 18)
    assert ap.now_ms == start_ms + WORKER_SILENT_MS
    ap.run_to(start_ms + WORKER_SILENT_MS)
    assert ap.order == (2, ["a", "c"])
    assert "dropped id=b reason=silent" in ap.printed


def test_dropped_node_comes_back_as_the_last() -> None:
    ap = three()
    ap.run_to(ap.now_ms + LEASE_AT_AP_MS)
    assert ap.hear("RENEW 1 5 id=a", 16) == "ROLES 2 192.168.4.17,192.168.4.18"
    ap.hear("HELLO id=a", 16)
    assert ap.order[1] == ["b", "c", "a"]


@pytest.mark.parametrize("collected", [True, False])
def test_two_nodes_at_one_address_are_not_both_listed(collected: bool) -> None:
    ap = Ap(collected)
    ap.hear("HELLO id=a", 16)
    ap.hear("HELLO id=b", 16)
    ap.run_to(COLLECT_MS)
    assert ap.order == (1, ["a"])
    ap.hear("HELLO id=b", 17)
    assert ap.order == (1, ["a", "b"])
    ap.hear("HELLO id=b", 16)
    assert ap.authority.roster.addresses() == ["192.168.4.16", "192.168.4.17"]


def test_bye_leaves_at_once() -> None:
    ap = three()
    ap.hear("BYE id=b", 17)
    assert ap.order == (2, ["a", "c"])


def test_bye_of_the_first_lets_its_lease_run_out() -> None:
    ap = three()
    ap.hear("RENEW 1 5 id=a", 16)
    ap.hear("BYE id=a", 16)
    assert ap.hear("RENEW 2 1 id=b", 17) == "ROLES 2 192.168.4.17,192.168.4.18"
    ap.run_to(ap.now_ms + LEASE_AT_AP_MS)
    assert ap.hear("RENEW 2 2 id=b", 17) == "ROLES 2 192.168.4.17,192.168.4.18 2"


def test_after_a_start_it_collects_and_grants_nothing() -> None:
    ap = Ap(collected=False)
    assert ap.hear("HELLO id=b epoch=6 rank=1", 17) == "ROLES 0"
    ap.run_to(1000)
    assert ap.hear("HELLO id=new", 20) == "ROLES 0"
    assert ap.hear("HELLO id=a epoch=6 rank=0", 16) == "ROLES 0"
    assert ap.hear("RENEW 6 8 id=a", 16) == "ROLES 0"
    assert ap.hear("HELLO id=z epoch=5 rank=0", 21) == "ROLES 0"
    ap.run_to(COLLECT_MS)
    assert ap.order == (7, ["a", "b", "z", "new"])


def test_renewal_of_an_old_master_makes_it_wait_for_the_others_as_its_hello_does() -> None:
    ap = Ap()
    assert ap.hear("RENEW 2 8 id=a", 16) == "ROLES 0"
    ap.hear("HELLO id=b epoch=2 rank=1", 17)
    ap.run_to(ap.now_ms + 500)
    ap.hear("HELLO id=a epoch=2 rank=0", 16)
    ap.run_to(2 * COLLECT_MS)
    assert ap.order == (3, ["a", "b"])


def test_it_requests_hello_when_it_starts() -> None:
    ap = Ap(collected=False)
    ap.run_to(3000)
    assert ap.sent == [("ROLES 0", EVERYONE)] * 4


def test_new_nodes_only_come_in_order_of_arrival() -> None:
    ap = Ap(collected=False)
    for number, node in enumerate("cabd"):
        ap.hear(f"HELLO id={node}", 16 + number)
        ap.run_to(ap.now_ms + 100)
        ap.hear("HELLO id=c", 16)
    ap.run_to(COLLECT_MS)
    assert ap.order == (1, ["c", "a", "b", "d"])


def test_it_waits_for_old_nodes_that_need_longer() -> None:
    ap = Ap()
    ap.run_to(7000)
    assert ap.hear("HELLO id=b epoch=6 rank=1", 17) == "ROLES 0"
    ap.run_to(10000)
    ap.hear("HELLO id=a epoch=6 rank=0", 16)
    ap.run_to(7000 + COLLECT_MS)
    assert ap.order == (7, ["a", "b"])


def test_a_worker_that_is_even_later_gets_its_place_but_preempts_no_node() -> None:
    ap = Ap(collected=False)
    ap.hear("HELLO id=b epoch=6 rank=1", 17)
    ap.hear("HELLO id=d epoch=6 rank=3", 19)
    ap.run_to(COLLECT_MS)
    ap.hear("HELLO id=c epoch=6 rank=2", 18)
    assert ap.order == (8, ["b", "c", "d"])
    ap.hear("HELLO id=a epoch=6 rank=0", 16)
    assert ap.order[1] == ["b", "c", "d", "a"]


def test_its_epoch_is_above_every_epoch_that_a_node_knows() -> None:
    ap = three()
    ap.hear("HELLO id=d epoch=9", 19)
    assert ap.order == (10, ["a", "b", "c", "d"])


def test_two_orders_of_one_epoch_are_resolved_by_a_new_epoch() -> None:
    ap = three()
    ap.hear("HELLO id=d epoch=1 rank=2", 19)
    assert ap.order == (2, ["a", "b", "c", "d"])


@pytest.mark.parametrize("text", ["ROLES 1 192.168.4.16", "WELCOME"])
def test_an_ap_refuses_messages_from_aps(text: str) -> None:
    with pytest.raises(wire.Malformed):
        three().hear(text, 16)
