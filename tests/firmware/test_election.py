"""When a node without an AP looks, joins or opens one; when an AP may rule, and when it yields."""

import pytest
from picolink.election import JOIN, OPEN, WAIT, Reign, Seeker
from picolink.timing import (
    LEASE_AT_AP_MS,
    LOOK_PERIOD_MS,
    LOOK_SOON_MS,
    LOST_WAIT_MS,
    RIVAL_STEP_MS,
    SETTLE_MS,
    TURN_MS,
)

OWN = bytes.fromhex("28cdc1000005")
LOWER = bytes.fromhex("28cdc1000004")
HIGHER = bytes.fromhex("28cdc1000006")
LOOK_MS = 2000


def seeker() -> Seeker:
    return Seeker(0, lambda _: 0)


def test_board_that_boots_opens_an_ap_when_it_has_looked_twice_in_vain() -> None:
    seeking = seeker()
    assert seeking.look_ms == 0
    assert [seeking.looked(2000, []), seeking.looked(4000, [])] == [WAIT, OPEN]


def test_ap_that_is_heard_is_joined_and_the_search_restarts_if_that_fails() -> None:
    seeking = seeker()
    assert [seeking.looked(0, []), seeking.looked(0, [LOWER])] == [WAIT, JOIN]
    assert [seeking.looked(0, []), seeking.looked(0, [])] == [WAIT, OPEN]


def test_failed_look_proves_nothing() -> None:
    seeking = seeker()
    assert [seeking.looked(0, None) for _ in range(5)] == [WAIT] * 5
    assert [seeking.looked(0, []), seeking.looked(0, [])] == [WAIT, OPEN]


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_client_that_lost_its_ap_waits_for_its_turn_then_needs_one_look(ahead: int) -> None:
    seeking = seeker()
    seeking.lost(10_000, ahead)
    assert seeking.look_ms == 10_000 + LOST_WAIT_MS + ahead * TURN_MS
    assert seeking.looked(seeking.look_ms, []) == OPEN


def test_client_without_a_place_is_behind_the_first_in_order() -> None:
    seeking = seeker()
    seeking.lost(0, None)
    assert seeking.look_ms >= LOST_WAIT_MS + TURN_MS


class Ap:
    """An AP that has just opened, at time 0."""

    def __init__(self) -> None:
        self.reign = Reign(0, OWN, lambda _: 0)
        self.now_ms = 0

    def look(self, *heard: bytes, has_clients: bool = False) -> "Ap":
        """Let it look at its next time."""
        while (due_ms := self.reign.tick(self.now_ms)) < self.reign.look_ms:
            self.now_ms = due_ms
        self.now_ms = max(self.now_ms, self.reign.look_ms) + LOOK_MS
        self.reign.looked(self.now_ms, list(heard), has_clients)
        return self

    def ruling(self) -> "Ap":
        self.look().look()
        self.now_ms += LEASE_AT_AP_MS
        self.reign.tick(self.now_ms)
        assert self.reign.rules
        return self

    def yields_after_s(self, *heard: bytes, has_clients: bool = False) -> float | None:
        """Seconds from when it first heard the others until it yields; None if it does not."""
        first_ms = None
        for _ in range(40):
            self.look(*heard, has_clients=has_clients)
            first_ms = self.now_ms if first_ms is None else first_ms
            if self.reign.must_yield:
                return (self.now_ms - first_ms) / 1000
        return None


def test_ap_rules_when_two_looks_showed_no_other_and_all_leases_have_run_out() -> None:
    ap = Ap()
    assert ap.reign.look_ms == SETTLE_MS
    ap.look()
    assert ap.reign.look_ms == ap.now_ms + SETTLE_MS
    ap.look()
    alone_ms = ap.now_ms
    assert ap.reign.tick(alone_ms) == alone_ms + LEASE_AT_AP_MS
    ap.reign.tick(alone_ms + LEASE_AT_AP_MS - 1)
    assert not ap.reign.rules
    assert ap.reign.tick(alone_ms + LEASE_AT_AP_MS) == alone_ms + LOOK_SOON_MS
    assert ap.reign.rules


def test_failed_look_does_not_count() -> None:
    ap = Ap()
    ap.look()
    ap.reign.looked(ap.now_ms, None, False)
    assert ap.reign.tick(ap.now_ms + LEASE_AT_AP_MS)
    assert not ap.reign.rules


def test_another_ap_heard_in_between_restarts_the_count() -> None:
    ap = Ap().look().look(HIGHER).look()
    ap.reign.tick(ap.now_ms + 2 * LEASE_AT_AP_MS)
    assert not ap.reign.rules
    ap.look()
    ap.reign.tick(ap.now_ms + LEASE_AT_AP_MS)
    assert ap.reign.rules


def test_its_own_beacon_is_not_a_rival_nor_is_one_with_a_local_address() -> None:
    ap = Ap().look(OWN).look(bytes([OWN[0] | 2]) + OWN[1:])
    ap.reign.tick(ap.now_ms + LEASE_AT_AP_MS)
    assert ap.reign.rules


def test_the_ap_with_less_yields_sooner_and_one_of_two_never_does() -> None:
    steps_s = RIVAL_STEP_MS / 1000
    waits = [
        Ap().yields_after_s(LOWER),
        Ap().yields_after_s(HIGHER),
        Ap().ruling().yields_after_s(LOWER),
        Ap().ruling().yields_after_s(HIGHER),
        Ap().yields_after_s(LOWER, has_clients=True),
        Ap().yields_after_s(HIGHER, has_clients=True),
        Ap().ruling().yields_after_s(LOWER, has_clients=True),
        Ap().ruling().yields_after_s(HIGHER, has_clients=True),
    ]
    late_s = (LOOK_SOON_MS + LOOK_MS) / 1000
    expected = [0, 1, 2, 3, 5, None, 5, None]
    for waited, steps in zip(waits, expected, strict=True):
        if steps is None:
            assert waited is None
        else:
            assert waited is not None
            assert steps * steps_s <= waited <= steps * steps_s + late_s


def test_the_lowest_of_several_counts() -> None:
    assert Ap().yields_after_s(HIGHER, LOWER) == 0


def test_rival_that_has_gone_is_forgotten() -> None:
    ap = Ap().ruling()
    for _ in range(3):
        ap.look(LOWER)
    ap.look().look()
    assert ap.reign.rules
    waited_s = ap.yields_after_s(LOWER)
    assert waited_s is not None
    assert waited_s >= 2 * RIVAL_STEP_MS / 1000


def test_ap_that_rules_continues_to_rule_while_it_hears_another() -> None:
    ap = Ap().ruling().look(HIGHER, has_clients=True)
    assert ap.reign.rules
    assert ap.reign.look_ms == ap.now_ms + LOOK_SOON_MS
    ap.look(has_clients=True).look(has_clients=True)
    assert ap.reign.look_ms == ap.now_ms + LOOK_PERIOD_MS
