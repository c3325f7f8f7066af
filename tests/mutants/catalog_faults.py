"""Broken firmware whose bugs appear only together with a fault."""

from tests.mutants.catalog import DISCOVERY, ORDER, PICOLINK, Mutant

FAULTS = "testplans/test_role_faults.py::"

HEALTHY = (
    DISCOVERY + "test_client_joins_and_is_registered",
    ORDER + "test_each_client_prints_the_role_of_its_place",
)

MUTANTS = (
    Mutant(
        "lease-outlives-the-ap",
        PICOLINK + "timing.py",
        "LEASE_MS = 3000",
        "LEASE_MS = 3000000",
        (
            FAULTS + "test_master_cut_off_from_the_ap_steps_down_before_the_next_takes_over",
            FAULTS + "test_ap_restart_costs_the_master_its_lease_and_nobody_their_place",
            FAULTS + "test_brown_out_of_the_ap_costs_the_master_its_lease_and_nobody_their_place",
        ),
        healthy=HEALTHY,
    ),
    Mutant(
        "dead-master-kept",
        PICOLINK + "timing.py",
        "LEASE_AT_AP_MS = 4000",
        "LEASE_AT_AP_MS = 4000000",
        (FAULTS + "test_cluster_does_not_depend_on_its_serial_lines",),
        healthy=HEALTHY,
    ),
    Mutant(
        "dropped-for-ever",
        PICOLINK + "ap_roles.py",
        "        if known is None:\n            self.roster.add(node)",
        "        if known is None and message.epoch:\n            return\n"
        "        if known is None:\n            self.roster.add(node)",
        (FAULTS + "test_cluster_is_whole_again_after_a_minute_of_heavy_loss",),
        healthy=HEALTHY,
    ),
    Mutant(
        "second-answer-ends-the-lease",
        PICOLINK + "member.py",
        "        for index, (sent_seq, sent_ms) in enumerate(self._unanswered):",
        "        if seq not in [sent_seq for sent_seq, _ in self._unanswered]:\n"
        "            self._lease_until_ms = None\n"
        "        for index, (sent_seq, sent_ms) in enumerate(self._unanswered):",
        (FAULTS + "test_duplicates_and_disorder_change_nothing",),
        healthy=HEALTHY,
    ),
    Mutant(
        "dead-after-a-reset",
        "roles/client.py",
        "    settings = config.load()",
        "    import machine\n\n"
        "    if machine.reset_cause() != machine.PWRON_RESET:\n"
        "        return\n"
        "    settings = config.load()",
        (
            FAULTS + "test_client_with_a_wrong_key_says_so_and_joins_once_it_is_right",
            FAULTS + "test_client_whose_radio_is_switched_off_is_dropped_and_comes_back",
        ),
        healthy=HEALTHY,
    ),
    Mutant(
        "boots-counted-on-flash",
        "roles/client.py",
        "    settings = config.load()",
        '    with open("/boots", "a") as boots:\n        boots.write("x")\n    settings = config.load()',
        (FAULTS + "test_full_flash_stops_nobody",),
        healthy=HEALTHY,
    ),
)
