"""Broken firmware of the app first_boot: each mutant is one deliberate bug, and the testplans that must notice it."""

from tests.mutants.catalog import ORDER, PICOLINK, Mutant

FIRST_BOOT = "testplans/test_first_boot.py::"
HEALTHY = (FIRST_BOOT + "test_a_lone_board_becomes_the_ap_and_master",)

MUTANTS = (
    Mutant(
        "ap-opened-too-late",
        PICOLINK + "election.py",
        "LOOKS = 2",
        "LOOKS = 40",
        (
            FIRST_BOOT + "test_a_lone_board_becomes_the_ap_and_master",
            FIRST_BOOT + "test_boards_that_boot_at_once_end_with_one_ap",
        ),
        healthy=(),
    ),
    Mutant(
        "ap-that-is-there-ignored",
        PICOLINK + "election.py",
        "        if heard:\n            self._empty_looks = 0\n            return JOIN",
        "        if heard and self._empty_looks > 1:\n            self._empty_looks = 0\n            return JOIN",
        (FIRST_BOOT + "test_order_of_boot_decides_who_is_ap_and_order_of_roles",),
        healthy=HEALTHY,
    ),
    Mutant(
        "ap-never-yields",
        PICOLINK + "election.py",
        "self.must_yield = steps <= CLIENTS and",
        "self.must_yield = False and",
        (
            FIRST_BOOT + "test_aps_opened_at_once_end_as_one",
            FIRST_BOOT + "test_two_aps_that_meet_end_as_one",
        ),
        healthy=HEALTHY,
    ),
    Mutant(
        "ap-always-yields",
        PICOLINK + "election.py",
        "now_ms - self._rival_since_ms >= steps * RIVAL_STEP_MS",
        "True",
        (FIRST_BOOT + "test_ap_does_not_leave_its_clients_at_the_sight_of_another",),
        healthy=HEALTHY,
    ),
    Mutant(
        "ap-with-clients-yields-to-one-without",
        PICOLINK + "election.py",
        "(CLIENTS if has_clients else RULE if self.rules else 0)",
        "(0 if has_clients else CLIENTS if self.rules else 0)",
        (FIRST_BOOT + "test_two_aps_that_meet_end_as_one",),
        healthy=HEALTHY,
    ),
    Mutant(
        "ap-rules-before-it-knows-that-it-is-alone",
        PICOLINK + "election.py",
        "        self.rules = False\n",
        "        self.rules = True\n",
        (FIRST_BOOT + "test_aps_opened_at_once_end_as_one",),
        healthy=HEALTHY,
    ),
    Mutant(
        "last-in-order-goes-first",
        PICOLINK + "election.py",
        "else ahead * TURN_MS",
        "else (3 - ahead) * TURN_MS",
        (FIRST_BOOT + "test_next_in_order_becomes_the_ap_when_it_dies",),
        healthy=HEALTHY,
    ),
    Mutant(
        "successor-forgets-the-order",
        PICOLINK + "succession.py",
        "        member.link(now_ms, ap[0])",
        "        member.link(now_ms, ap[0])\n        member._rank = None",
        (FIRST_BOOT + "test_next_in_order_becomes_the_ap_when_it_dies",),
        healthy=HEALTHY,
    ),
    Mutant(
        "ap-that-died-preempts",
        PICOLINK + "roster.py",
        "self.nodes.insert(place, node)",
        "self.nodes.insert(place if self.epoch < 2 else 0, node)",
        (FIRST_BOOT + "test_the_ap_that_died_comes_back_as_the_last",),
        healthy=HEALTHY,
    ),
    Mutant(
        "last-board-does-not-rule-alone",
        PICOLINK + "succession.py",
        "        self._authority.alone = self._reign.rules",
        "        self._authority.alone = self._reign.rules and (\n"
        "            not self._member.epoch or self._authority.heard_lately(now_ms) > 1\n        )",
        (FIRST_BOOT + "test_succession_goes_on_to_the_last_board",),
        healthy=HEALTHY,
    ),
    Mutant(
        "the-dead-are-waited-for",
        PICOLINK + "timing.py",
        "TURN_MS = 4000",
        "TURN_MS = 40000",
        (FIRST_BOOT + "test_ap_and_the_next_die_together",),
        healthy=HEALTHY,
    ),
    Mutant(
        "new-ap-orders-by-arrival",
        PICOLINK + "roster.py",
        "            places.append((-node.carried_epoch if old else 0, node.carried_rank if old else 0, arrival))",
        "            places.append((0, 0, arrival))",
        (
            FIRST_BOOT + "test_ap_that_restarts_at_once_finds_its_clients_in_their_order",
            FIRST_BOOT + "test_newcomer_that_is_first_to_find_no_ap_becomes_it_behind_the_others",
        ),
        healthy=HEALTHY,
    ),
    Mutant(
        "ap-stays-open-without-program",
        "first_boot/node.py",
        "        to_clients.close()\n        wifi.close_access_point()\n\n\nmain()",
        "        to_clients.close()\n\n\nmain()",
        (FIRST_BOOT + "test_ap_that_is_stopped_closes_its_network_in_order",),
        healthy=HEALTHY,
    ),
    Mutant(
        "dead-clients-never-dropped",
        PICOLINK + "timing.py",
        "WORKER_SILENT_MS = 15000",
        "WORKER_SILENT_MS = 150000",
        (FIRST_BOOT + "test_silent_worker_is_dropped_and_the_ap_goes_on_alone",),
        healthy=HEALTHY,
    ),
    Mutant(
        "look-ends-the-lease-of-master",
        PICOLINK + "succession.py",
        "            self._authority.repeat_grant()\n",
        "            self._authority.repeat_grant()\n            self._look(self._looked)\n",
        (FIRST_BOOT + "test_newcomer_that_is_first_to_find_no_ap_becomes_it_behind_the_others",),
        healthy=HEALTHY,
    ),
    Mutant(
        "quiet-ap-is-taken-for-dead",
        PICOLINK + "timing.py",
        "AP_SILENT_MS = 20000",
        "AP_SILENT_MS = 4000",
        (FIRST_BOOT + "test_nothing_happens_while_nothing_happens",),
        healthy=HEALTHY,
    ),
    # Bugs in the other apps that this app revealed.
    Mutant(
        "other-address-unnoticed",
        PICOLINK + "wifi.py",
        "                self._note_address()\n",
        "",
        (ORDER + "test_client_whose_address_was_given_away_takes_another",),
    ),
)
