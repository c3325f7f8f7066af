"""Epochs only rise: within one boot of any board, and over restarts of the AP."""

import pytest

from tests.invariants.story import Story, shown


@pytest.fixture
def story() -> Story:
    """A is the AP, and B knows epoch 5."""
    story = Story().boots(0, "A", "B", "C").says(2, "A", "ap-up").says(3, "A", "order epoch=5 nodes=b@.16")
    return story.says(4, "B", "roles epoch=5")


def restart_ap(story: Story) -> Story:
    return story.goes_off(10, "A").boots(12, "A").says(14, "A", "ap-up")


def test_it_falls_on_a_console(story: Story) -> None:
    [found] = story.says(9, "B", "role NONE epoch=4").violations(10)
    assert (found.invariant, found.time_s) == ("epoch-fall", 9)
    assert found.boards == {"B"}
    assert found.text == "the epoch of B fell from 5 to 4"
    assert shown(found) == ["4 B roles epoch=5", "9 B role NONE epoch=4"]


def test_it_falls_at_the_ap(story: Story) -> None:
    assert story.says(9, "A", "order epoch=4 nodes=b@.16").names(10) == ["epoch-fall"]


def test_it_rises_or_stays(story: Story) -> None:
    assert story.says(8, "B", "role WORKER1 epoch=5").says(9, "B", "roles epoch=6").names(10) == []


def test_one_fall_is_reported_once(story: Story) -> None:
    assert story.says(8, "B", "roles epoch=3").says(9, "B", "role WORKER1 epoch=3").names(10) == ["epoch-fall"]


def test_who_starts_anew_knows_of_none(story: Story) -> None:
    assert story.goes_off(5, "B").boots(6, "B").says(8, "B", "roles epoch=1").names(10) == []


def test_the_old_order_is_rebuilt_above_what_its_nodes_knew(story: Story) -> None:
    assert restart_ap(story).says(18, "A", "order epoch=6 nodes=b@.16").names(20) == []


def test_the_old_order_is_rebuilt_below_what_one_of_its_nodes_knew(story: Story) -> None:
    [found] = restart_ap(story).says(18, "A", "order epoch=2 nodes=c@.17,b@.16").violations(20)
    assert found.time_s == 18
    assert found.boards == {"A", "B"}
    assert shown(found) == ["4 B roles epoch=5", "18 A order epoch=2 nodes=c@.17,b@.16"]


def test_the_very_epoch_that_a_node_knew_is_no_fall(story: Story) -> None:
    assert restart_ap(story).says(18, "A", "order epoch=5 nodes=b@.16").names(20) == []


def test_a_client_that_becomes_the_ap_goes_on_from_what_its_nodes_knew(story: Story) -> None:
    story.goes_off(10, "A").says(12, "C", "ap-up").says(14, "C", "order epoch=2 nodes=b@.16")
    assert story.names(20) == ["epoch-fall"]


def test_an_ap_cannot_know_of_nodes_that_are_away(story: Story) -> None:
    restart_ap(story).says(18, "A", "order epoch=0 nodes=").says(19, "A", "order epoch=1 nodes=c@.17")
    assert story.says(20, "A", "order epoch=6 nodes=c@.17,b@.16").names(21) == []


def test_a_node_that_started_anew_too_carries_no_epoch(story: Story) -> None:
    restart_ap(story).goes_off(15, "B").boots(16, "B").says(18, "A", "order epoch=1 nodes=b@.16")
    assert story.names(20) == []


def test_what_a_node_learned_elsewhere_after_the_ap_came_up_is_not_the_aps_to_know(story: Story) -> None:
    # Two APs: C lists B, which has gone on to A and learned more there.
    story.says(5, "C", "ap-up").says(6, "C", "order epoch=6 nodes=b@.16").says(7, "B", "roles epoch=9")
    assert story.says(8, "C", "order epoch=7 nodes=b@.16,d@.17").names(10) == []


def test_nodes_are_known_by_the_rig_too() -> None:
    story = Story().power(0, "A", on=True).says(2, "A", "ap-up").says(3, "B", "roles epoch=5").says(4, "A", "ap-up")
    assert story.says(5, "A", "order epoch=1 nodes=b@.16").names(10) == []
