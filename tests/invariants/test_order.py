"""MASTER, WORKER1, WORKER2 … without gap or repeat, once a cluster has settled."""

import pytest

from hil.invariants.order import SETTLED_S
from tests.invariants.story import Story, shown

BCD = "b@.16,c@.17,d@.18"
LAST_S = 9.0
SETTLED_AT_S = LAST_S + SETTLED_S


@pytest.fixture
def story() -> Story:
    """A keeps the order B, C, D; each has the role of its place since ``LAST_S``."""
    story = Story().boots(0, "A", "B", "C", "D").prints(5, "A", f"order epoch=1 nodes={BCD}")
    for board, role in (("B", "MASTER"), ("C", "WORKER1"), ("D", "WORKER2")):
        story.prints(LAST_S, board, f"role {role} epoch=1")
    return story


def test_roles_in_the_order_that_the_ap_keeps(story: Story) -> None:
    assert story.names() == []


def test_a_repeat_with_the_lines_that_prove_it(story: Story) -> None:
    story.prints(LAST_S, "D", "role WORKER1 epoch=1")
    [found] = story.violations(SETTLED_AT_S)
    assert (found.invariant, found.time_s) == ("role-order", SETTLED_AT_S)
    assert found.text.endswith("not the order that A keeps: D is WORKER1 at the place of WORKER2")
    assert shown(found) == [
        f"5 A order epoch=1 nodes={BCD}",
        "9 B role MASTER epoch=1",
        "9 C role WORKER1 epoch=1",
        "9 D role WORKER1 epoch=1",
    ]


def test_no_violation_before_the_cluster_has_settled(story: Story) -> None:
    assert story.prints(LAST_S, "D", "role WORKER1 epoch=1").names(SETTLED_AT_S - 0.001) == []


def test_every_change_restarts_the_time(story: Story) -> None:
    story.prints(LAST_S, "D", "role WORKER1 epoch=1").prints(SETTLED_AT_S - 1, "C", "joined")
    assert story.names(SETTLED_AT_S) == []
    assert story.names(SETTLED_AT_S - 1 + SETTLED_S) == ["role-order"]


def test_a_violation_is_reported_although_it_ends_later(story: Story) -> None:
    story.prints(LAST_S, "D", "role WORKER1 epoch=1").prints(SETTLED_AT_S, "D", "role WORKER2 epoch=1")
    assert [found.time_s for found in story.violations()] == [SETTLED_AT_S]


def test_a_gap_because_the_ap_keeps_a_board_without_power(story: Story) -> None:
    [found] = story.goes_off(LAST_S, "C").violations()
    assert found.text.endswith("C is NONE at the place of WORKER1")
    assert "9 C off" in shown(found)


def test_no_board_is_master(story: Story) -> None:
    assert story.prints(LAST_S, "B", "role NONE epoch=1").names() == ["role-order"]


def test_a_role_without_a_place(story: Story) -> None:
    [found] = story.prints(LAST_S, "A", "order epoch=2 nodes=b@.16,c@.17").violations()
    assert found.text.endswith("D is WORKER2 without a place")


def test_a_dropped_board_that_reports_it_holds_none(story: Story) -> None:
    story.prints(LAST_S, "A", "order epoch=2 nodes=b@.16,c@.17").prints(LAST_S, "D", "role NONE epoch=2")
    assert story.names() == []


def test_a_node_of_the_probe_has_a_place_but_no_console(story: Story) -> None:
    story.prints(LAST_S, "A", "order epoch=2 nodes=guest@.19,b@.16,c@.17,d@.18")
    for board, role in (("B", "WORKER1"), ("C", "WORKER2"), ("D", "WORKER3")):
        story.prints(LAST_S, board, f"role {role} epoch=2")
    assert story.names() == []


def test_nothing_is_checked_without_an_ap(story: Story) -> None:
    story.goes_off(LAST_S, "A").prints(LAST_S, "B", "role NONE epoch=1")
    assert story.names() == []


def test_nothing_is_checked_during_a_fault(story: Story) -> None:
    story.fault(LAST_S, "air", "partition", begins=True).prints(LAST_S, "A", "order epoch=2 nodes=b@.16,d@.18")
    story.prints(LAST_S, "D", "role WORKER1 epoch=2").fault(200, "air", "partition", begins=False)
    assert story.names(200 + SETTLED_S - 0.001) == []
    assert story.names(200 + SETTLED_S) == ["role-order"]


def test_a_board_without_wifi_keeps_its_role(story: Story) -> None:
    story.prints(LAST_S, "C", "link-lost").prints(LAST_S, "A", "order epoch=2 nodes=b@.16,d@.18")
    story.prints(LAST_S, "D", "role WORKER1 epoch=2")
    assert story.names() == []


def test_a_board_whose_console_is_unreadable_is_not_checked(story: Story) -> None:
    story.fault(LAST_S, "D", "usb_drop", begins=True).prints(LAST_S, "D", "role WORKER1 epoch=1")
    story.fault(LAST_S, "D", "usb_drop", begins=False)
    assert story.names() == []


def test_two_aps_are_not_settled(story: Story) -> None:
    story.prints(LAST_S, "D", "order epoch=1 nodes=d@.1", "role MASTER epoch=1").prints(
        LAST_S, "B", "role NONE epoch=1"
    )
    assert story.names() == []
    assert story.prints(LAST_S, "D", "ap-down").names() == ["role-order"]


def test_another_ap_on_the_air_is_not_settled(story: Story) -> None:
    story.prints(LAST_S, "A", "ap-up", "order epoch=2 nodes=b@.16,c@.17").prints(LAST_S, "D", "link-lost", "ap-up")
    assert story.names() == []
    assert story.prints(LAST_S, "D", "ap-down").names() == ["role-order"]


def test_an_ap_that_is_gone_is_not_on_the_air(story: Story) -> None:
    story.prints(LAST_S, "D", "ap-up").goes_off(LAST_S, "D").prints(LAST_S, "A", "order epoch=2 nodes=b@.16")
    assert story.names() == ["role-order"]


def test_a_board_with_an_open_ap_needs_no_link(story: Story) -> None:
    story.prints(LAST_S, "A", "link-lost", "ap-up").prints(LAST_S, "A", "role WORKER3")
    assert story.names() == ["role-order"]


def test_firmware_without_an_order_event() -> None:
    roles = {"B": "MASTER", "C": "WORKER1", "D": "WORKER2"}

    def names(**changed: str) -> list[str]:
        story = Story().boots(0, "A", *roles)
        for board, role in (roles | changed).items():
            story.prints(LAST_S, board, f"role {role}")
        return [found.text.partition("repeat: ")[2] for found in story.violations(SETTLED_AT_S)]

    assert names() == []
    assert names(B="NONE") == [], "while the AP is away no board is MASTER"
    assert names(C="NONE") == ["no board is WORKER1"]
    assert names(D="WORKER1") == ["C and D are WORKER1"]


def test_roles_that_are_not_those_of_a_cluster() -> None:
    story = (
        Story()
        .boots(0, "A", "B", "C")
        .prints(3, "A", "role ap")
        .prints(3, "B", "role client")
        .prints(3, "C", "role client")
    )
    assert story.names() == []
