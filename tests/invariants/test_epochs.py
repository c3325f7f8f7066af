"""Epochs only rise: within one boot of any board, and over restarts of the AP."""

import pytest

from tests.invariants.story import Story, shown


@pytest.fixture
def story() -> Story:
    """A is the AP, and B knows epoch 5."""
    story = Story().boots(0, "A", "B", "C").prints(2, "A", "ap-up").prints(3, "A", "order epoch=5 nodes=b@.16")
    return story.prints(4, "B", "roles epoch=5")


def restart_ap(story: Story) -> Story:
    return story.goes_off(10, "A").boots(12, "A").prints(14, "A", "ap-up")


def test_an_epoch_falls_on_a_console(story: Story) -> None:
    [found] = story.prints(9, "B", "role NONE epoch=4").violations(10)
    assert (found.invariant, found.time_s) == ("epoch-fall", 9)
    assert found.boards == {"B"}
    assert found.text == "the epoch of B fell from 5 to 4"
    assert shown(found) == ["4 B roles epoch=5", "9 B role NONE epoch=4"]


def test_an_epoch_falls_at_the_ap(story: Story) -> None:
    assert story.prints(9, "A", "order epoch=4 nodes=b@.16").names(10) == ["epoch-fall"]


def test_an_epoch_rises_or_stays(story: Story) -> None:
    assert story.prints(8, "B", "role WORKER1 epoch=5").prints(9, "B", "roles epoch=6").names(10) == []


def test_one_fall_is_reported_once(story: Story) -> None:
    assert story.prints(8, "B", "roles epoch=3").prints(9, "B", "role WORKER1 epoch=3").names(10) == ["epoch-fall"]


def test_a_board_that_restarts_knows_no_epoch(story: Story) -> None:
    assert story.goes_off(5, "B").boots(6, "B").prints(8, "B", "roles epoch=1").names(10) == []


def test_the_old_order_is_rebuilt_with_a_higher_epoch_than_its_nodes_knew(story: Story) -> None:
    assert restart_ap(story).prints(18, "A", "order epoch=6 nodes=b@.16").names(20) == []


def test_the_old_order_is_rebuilt_with_a_lower_epoch_than_one_of_its_nodes_knew(story: Story) -> None:
    [found] = restart_ap(story).prints(18, "A", "order epoch=2 nodes=c@.17,b@.16").violations(20)
    assert found.time_s == 18
    assert found.boards == {"A", "B"}
    assert shown(found) == ["4 B roles epoch=5", "18 A order epoch=2 nodes=c@.17,b@.16"]


def test_the_epoch_that_a_node_already_knew_is_not_a_fall(story: Story) -> None:
    assert restart_ap(story).prints(18, "A", "order epoch=5 nodes=b@.16").names(20) == []


def test_a_client_that_becomes_the_ap_continues_from_the_epoch_of_its_nodes(story: Story) -> None:
    story.goes_off(10, "A").prints(12, "C", "ap-up").prints(14, "C", "order epoch=2 nodes=b@.16")
    assert story.names(20) == ["epoch-fall"]


def test_an_ap_cannot_know_the_epoch_of_absent_nodes(story: Story) -> None:
    restart_ap(story).prints(18, "A", "order epoch=0 nodes=").prints(19, "A", "order epoch=1 nodes=c@.17")
    assert story.prints(20, "A", "order epoch=6 nodes=c@.17,b@.16").names(21) == []


def test_a_node_that_restarted_too_carries_no_epoch(story: Story) -> None:
    restart_ap(story).goes_off(15, "B").boots(16, "B").prints(18, "A", "order epoch=1 nodes=b@.16")
    assert story.names(20) == []


def test_an_ap_need_not_know_what_a_node_learned_elsewhere_later(story: Story) -> None:
    # Two APs: C lists B, which has moved on to A and learned a higher epoch there.
    story.prints(5, "C", "ap-up").prints(6, "C", "order epoch=6 nodes=b@.16").prints(7, "B", "roles epoch=9")
    assert story.prints(8, "C", "order epoch=7 nodes=b@.16,d@.17").names(10) == []


def test_nodes_are_identified_by_the_rig_too() -> None:
    story = (
        Story().power(0, "A", on=True).prints(2, "A", "ap-up").prints(3, "B", "roles epoch=5").prints(4, "A", "ap-up")
    )
    assert story.prints(5, "A", "order epoch=1 nodes=b@.16").names(10) == []
