"""Broken firmware: each mutant is one deliberate bug, and the testplans that must notice it."""

from dataclasses import dataclass

DISCOVERY = "testplans/test_discovery.py::"
ORDER = "testplans/test_role_order.py::"
FAILURE = "testplans/test_master_failure.py::"
HELLO = "testplans/test_hello.py::"

HEALTHY = (
    DISCOVERY + "test_client_joins_and_is_registered",
    ORDER + "test_each_client_prints_the_role_of_its_place",
)
"""Run on every mutant: a bug in one behaviour must not look like dead firmware. A mutant may exempt some of them."""


@dataclass(frozen=True)
class Mutant:
    """One bug: in ``file`` of the folder ``firmware``, ``old`` (found exactly once) becomes ``new``."""

    name: str
    file: str
    old: str
    new: str
    caught_by: tuple[str, ...]
    """Tests that must fail. If a parametrized test is named without parameters, at least one of its cases must fail."""
    also: tuple[str, ...] = ()
    """Tests of ``healthy`` that fail too."""
    healthy: tuple[str, ...] = HEALTHY
    """Tests that must pass, except those above."""


PICOLINK = "lib/picolink/"

MUTANTS = (
    # Discovery.
    Mutant(
        "hello-too-late",
        PICOLINK + "member.py",
        "        self._heard_ms = self._hello_due_ms = self._renew_due_ms = now_ms",
        "        self._heard_ms = self._renew_due_ms = now_ms\n        self._hello_due_ms = now_ms + 9000",
        (DISCOVERY + "test_client_joins_and_is_registered",),
    ),
    Mutant(
        "who-registers",
        PICOLINK + "ap_roles.py",
        'elif message.word == "WHO":\n            self._send_order(sender)',
        'elif message.word == "WHO":\n            self._hello(now_ms, message, sender)',
        (DISCOVERY + "test_who_is_answered_with_the_order_and_registers_nobody",),
    ),
    Mutant(
        "who-told-another-order",
        PICOLINK + "ap_roles.py",
        'elif message.word == "WHO":\n            self._send_order(sender)',
        'elif message.word == "WHO":\n'
        "            self._send(wire.roles(self.roster.epoch, self.roster.addresses()[::-1]), sender)",
        (ORDER + "test_a_probe_is_told_the_same_order",),
    ),
    Mutant(
        "bye-ignored",
        PICOLINK + "ap_roles.py",
        "            self._bye(now_ms, message, sender)",
        "            self._send_order(sender)",
        (DISCOVERY + "test_hello_registers_its_sender_as_the_last_and_bye_removes_it_at_once",),
    ),
    Mutant(
        "hello-needs-id",
        PICOLINK + "ap_roles.py",
        "        node_id = message.id or sender[0]\n",
        '        node_id = message.id\n        if not node_id:\n            raise wire.Malformed("unknown")\n',
        (DISCOVERY + "test_hello_without_id_registers_its_sender_by_address",),
    ),
    Mutant(
        "node-is-its-address",
        PICOLINK + "roster.py",
        "if node.id == node_id or (not node_id and node.address[0] == address[0]):",
        "if node.address[0] == address[0]:",
        (DISCOVERY + "test_a_node_is_its_id_wherever_it_is",),
    ),
    Mutant(
        "join-given-up",
        PICOLINK + "wifi.py",
        "        self._retry_ms = now_ms + wait_ms - wait_ms // 4 + random_below(wait_ms // 2)",
        "        self._retry_ms = now_ms + (3600000 if self.tries > 1 else wait_ms)",
        (
            DISCOVERY + "test_client_finds_an_ap_that_starts_late",
            HELLO + "test_client_without_ap_says_so_and_recovers_when_it_appears",
        ),
    ),
    Mutant(
        "dies-on-malformed",
        PICOLINK + "node.py",
        "except wire.Malformed as malformed:",
        "except KeyError as malformed:",
        (
            DISCOVERY + "test_malformed_datagram_does_not_stop_the_ap[unknown-word]",
            DISCOVERY + "test_malformed_datagram_does_not_stop_a_client[unknown-word]",
            HELLO + "test_malformed_datagram_does_not_stop_the_ap[unknown-word]",
        ),
    ),
    Mutant(
        "dies-on-bytes-that-are-no-utf8",
        PICOLINK + "wire.py",
        "except UnicodeError:",
        "except KeyError:",
        (
            DISCOVERY + "test_malformed_datagram_does_not_stop_the_ap[not-utf8]",
            DISCOVERY + "test_malformed_datagram_does_not_stop_a_client[not-utf8]",
            HELLO + "test_malformed_datagram_does_not_stop_the_ap[not-utf8]",
        ),
    ),
    Mutant(
        "long-datagrams-accepted",
        PICOLINK + "wire.py",
        "if len(data) > MAX_BYTES:",
        "if False:",
        (
            DISCOVERY + "test_malformed_datagram_does_not_stop_the_ap[too-long]",
            HELLO + "test_malformed_datagram_does_not_stop_the_ap[too-long]",
        ),
    ),
    Mutant(
        "longest-datagram-refused",
        PICOLINK + "wire.py",
        "MAX_BYTES = 512",
        "MAX_BYTES = 511",
        (DISCOVERY + "test_longest_allowed_datagram_is_accepted",),
    ),
    Mutant(
        "ignored-not-counted",
        PICOLINK + "log.py",
        "self.count += 1",
        "self.count = 1",
        (DISCOVERY + "test_malformed_datagram_does_not_stop_the_ap[empty]",),
    ),
    Mutant(
        "anybody-is-believed",
        PICOLINK + "member.py",
        "if sender != self._ap:",
        "if False:",
        (DISCOVERY + "test_clients_believe_only_the_ap",),
    ),
    # Role order.
    Mutant(
        "order-reversed",
        PICOLINK + "roster.py",
        "self.nodes.insert(place, node)",
        "self.nodes.insert(0, node)",
        (ORDER + "test_order_of_boot_is_order_of_roles",),
        also=(ORDER + "test_each_client_prints_the_role_of_its_place",),
    ),
    Mutant(
        "order-of-ids",
        PICOLINK + "roster.py",
        "self.nodes.insert(place, node)",
        "self.nodes.insert(place, node)\n        self.nodes.sort(key=lambda node: node.id)",
        (ORDER + "test_it_is_the_boot_that_decides_not_the_board",),
        also=(ORDER + "test_each_client_prints_the_role_of_its_place",),
    ),
    Mutant(
        "own-role-wrong",
        PICOLINK + "member.py",
        'f"WORKER{self._rank}"',
        'f"WORKER{self._rank + 1}"',
        (ORDER + "test_each_client_prints_the_role_of_its_place", ORDER + "test_order_of_boot_is_order_of_roles"),
    ),
    Mutant(
        "others-forgotten",
        PICOLINK + "member.py",
        'listed = ",".join(self.order)',
        'listed = ",".join(self.order[:2])',
        (ORDER + "test_all_clients_agree_with_the_ap", ORDER + "test_clients_that_boot_together_get_one_order"),
    ),
    Mutant(
        "news-not-sent",
        PICOLINK + "ap_roles.py",
        "        for node in self.roster.nodes:\n            self._send_order(node.address)",
        "        for node in self.roster.nodes[-1:]:\n            self._send_order(node.address)",
        (ORDER + "test_all_are_told_of_every_change_at_once",),
    ),
    Mutant(
        "late-joiner-disturbs",
        PICOLINK + "roster.py",
        "if place < len(self.nodes) or not self.epoch:\n            self.epoch += 1",
        "if len(self.nodes) > 1:\n            self.nodes.append(self.nodes.pop(0))\n"
        "        if True:\n            self.epoch += 1",
        (ORDER + "test_a_late_joiner_is_the_last_and_disturbs_nobody",),
        also=(ORDER + "test_each_client_prints_the_role_of_its_place",),
    ),
    Mutant(
        "link-given-up-too-soon",
        PICOLINK + "timing.py",
        "AP_SILENT_MS = 20000",
        "AP_SILENT_MS = 4000",
        (ORDER + "test_roles_stay_as_they_are_while_nothing_happens",),
    ),
    # Failure of MASTER.
    Mutant(
        "lease-never-expires-at-ap",
        PICOLINK + "timing.py",
        "LEASE_AT_AP_MS = 4000",
        "LEASE_AT_AP_MS = 4000000",
        (
            FAILURE + "test_next_in_order_takes_over",
            FAILURE + "test_only_worker_takes_over",
            FAILURE + "test_all_agree_after_the_failover",
        ),
    ),
    Mutant(
        "failover-too-slow",
        PICOLINK + "timing.py",
        "LEASE_AT_AP_MS = 4000",
        "LEASE_AT_AP_MS = 8000",
        (FAILURE + "test_next_in_order_takes_over",),
    ),
    Mutant(
        "master-without-lease",
        PICOLINK + "timing.py",
        "LEASE_MS = 3000",
        "LEASE_MS = 3000000",
        (FAILURE + "test_master_steps_down_by_itself_when_the_ap_dies",),
    ),
    Mutant(
        "first-is-master-unasked",
        PICOLINK + "member.py",
        "elif self._lease_until_ms is not None:",
        "elif True:",
        (FAILURE + "test_clients_act_on_a_higher_epoch_and_never_on_a_lower_one",),
    ),
    Mutant(
        "old-master-preempts",
        PICOLINK + "roster.py",
        "        self.nodes.insert(place, node)",
        '        self._was_first = getattr(self, "_was_first", (self.nodes or [node])[0].id)\n'
        "        self.nodes.insert(0 if node.id == self._was_first else place, node)",
        (FAILURE + "test_old_master_comes_back_as_the_last_worker",),
    ),
    Mutant(
        "failover-keeps-epoch",
        PICOLINK + "roster.py",
        "        self.nodes.remove(node)\n        self.epoch += 1",
        "        self.nodes.remove(node)",
        (FAILURE + "test_next_in_order_takes_over",),
    ),
    Mutant(
        "lower-epoch-wins",
        PICOLINK + "member.py",
        "if message.epoch < self.epoch:",
        "if False:",
        (
            FAILURE + "test_clients_act_on_a_higher_epoch_and_never_on_a_lower_one",
            FAILURE + "test_epoch_never_falls_on_any_console",
        ),
    ),
    Mutant(
        "higher-epoch-ignored",
        PICOLINK + "member.py",
        "if message.epoch < self.epoch:",
        "if self.epoch and message.epoch != self.epoch:",
        (
            FAILURE + "test_clients_act_on_a_higher_epoch_and_never_on_a_lower_one",
            FAILURE + "test_next_in_order_takes_over",
        ),
    ),
    Mutant(
        "second-in-order-waited-for-too-long",
        PICOLINK + "ap_roles.py",
        "self._first_until_ms = max(now_ms, self._holder_until_ms) + LEASE_AT_AP_MS",
        "self._first_until_ms = max(now_ms, self._holder_until_ms) + 60000",
        (FAILURE + "test_master_and_first_worker_lost_together",),
    ),
    Mutant(
        "no-master-without-workers",
        PICOLINK + "member.py",
        "elif self._lease_until_ms is not None:",
        "elif self._lease_until_ms is not None and len(self.order) > 1:",
        (FAILURE + "test_master_goes_on_without_workers",),
    ),
    Mutant(
        "silent-worker-kept",
        PICOLINK + "timing.py",
        "WORKER_SILENT_MS = 15000",
        "WORKER_SILENT_MS = 15000000",
        (
            FAILURE + "test_silent_worker_is_dropped_and_the_others_move_up",
            FAILURE + "test_master_goes_on_without_workers",
        ),
    ),
    Mutant(
        "rebooted-worker-loses-its-place",
        PICOLINK + "ap_roles.py",
        "        if known is None:\n            self.roster.add(node)",
        "        if known is not None and not message.epoch:\n"
        "            self.roster.remove(known)\n            known = None\n"
        "        if known is None:\n            self.roster.add(node)",
        (FAILURE + "test_worker_that_reboots_quickly_keeps_its_place",),
    ),
    Mutant(
        "restart-grants-at-once",
        PICOLINK + "timing.py",
        "COLLECT_MS = 4000",
        "COLLECT_MS = 400",
        (FAILURE + "test_ap_that_starts_grants_nothing_while_it_collects",),
    ),
    Mutant(
        "restart-keeps-epoch",
        PICOLINK + "roster.py",
        "self.epoch = max([self.epoch] + [node.carried_epoch for node in collected]) + 1",
        "self.epoch = max([self.epoch, 1] + [node.carried_epoch for node in collected])",
        (FAILURE + "test_ap_that_reboots_rebuilds_the_old_order", FAILURE + "test_epoch_never_falls_on_any_console"),
    ),
    Mutant(
        "restart-orders-backwards",
        PICOLINK + "roster.py",
        "for _, _, arrival in sorted(places)",
        "for _, _, arrival in sorted(places)[::-1]",
        (FAILURE + "test_ap_that_reboots_rebuilds_the_old_order",),
    ),
    Mutant(
        "bye-frees-the-lease",
        PICOLINK + "ap_roles.py",
        '            self._drop(now_ms, node, "bye")',
        '            self._holder_until_ms = now_ms\n            self._drop(now_ms, node, "bye")',
        (FAILURE + "test_master_that_says_bye_leaves_at_once_and_its_lease_runs_out",),
    ),
    # App hello.
    Mutant(
        "hello-wrong-text",
        "hello/ap.py",
        "WELCOME from AP @ ",
        "WELCOME to AP @ ",
        (HELLO + "test_client_is_welcomed", HELLO + "test_anybody_is_welcomed"),
    ),
    Mutant(
        "hello-said-once",
        "hello/client.py",
        "        self._hello_ms = now_ms + HELLO_PERIOD_MS",
        "        self._hello_ms = now_ms + 3600000",
        (HELLO + "test_client_goes_on_saying_hello",),
    ),
    Mutant(
        "hello-silent-about-no-reply",
        "hello/client.py",
        "TRIES_PER_LINE = 8",
        "TRIES_PER_LINE = 8000",
        (
            HELLO + "test_client_without_ap_says_so_and_recovers_when_it_appears",
            HELLO + "test_client_recovers_when_the_ap_comes_back",
        ),
    ),
    Mutant(
        "hello-not-after-rejoin",
        "hello/client.py",
        "        self._joined = bool(ip)\n        self._hello_ms = self._heard_ms = now_ms",
        "        self._joined = bool(ip) and not self._heard_ms\n        self._hello_ms = self._heard_ms = now_ms",
        (HELLO + "test_client_recovers_when_the_ap_comes_back",),
    ),
)
