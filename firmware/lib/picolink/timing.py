"""The protocol's periods and limits, in milliseconds. firmware.yaml repeats them for tests; a test compares both."""

HELLO_PERIOD_MS = 5000
"""A client that the AP lists sends HELLO this often."""
HELLO_RETRY_MS = 1000
"""A client that the AP does not list, or does not answer, sends HELLO this often."""
RENEW_PERIOD_MS = 1000
"""The first in order renews its lease this often."""
RENEW_RETRY_MS = 250
"""An unanswered renewal is repeated after this; without a lease, the wait doubles up to RENEW_PERIOD_MS."""
LEASE_MS = 3000
"""A node is MASTER this long, counted from when it sent the renewal that was answered."""
LEASE_AT_AP_MS = 4000
"""The AP grants the lease to no other node this long, counted from the last renewal it received."""
COLLECT_MS = 4000
"""An AP that has just started grants nothing this long: by then every lease it may have granted before has expired."""
WORKER_SILENT_MS = 15000
"""The AP drops a worker that it has not heard for this long."""
AP_SILENT_MS = 20000
"""A client that has not heard the AP for this long joins the Wi-Fi again, whatever the radio reports."""
ROLES_REPEATS_MS = (200, 500, 1000, 2000)
"""After a change the AP sends ROLES at once, and again this much later, because the radio loses some."""
LOST_WAIT_MS = 3000
"""App first_boot: a client that lost the AP waits this long before it looks for another."""
TURN_MS = 4000
"""App first_boot: and this much longer for each node before it in the order: more than a look and opening take."""
LOOK_GAP_MS = 1000
"""App first_boot: upper limit of the random pause between two looks of a client for an AP."""
SETTLE_MS = 500
"""App first_boot: an AP first looks for others after this long on the air, and again this long after a look."""
LOOK_PERIOD_MS = 15000
"""App first_boot: an AP that rules looks for others this often."""
LOOK_SOON_MS = 5000
"""App first_boot: and this often if it has no clients, or hears another AP."""
RIVAL_STEP_MS = 10000
"""App first_boot: an AP that hears another waits this long before it closes, for each step that election.py counts."""
NODES_PERIOD_MS = 3000
"""App node_list: the AP sends NODES to all this often."""
NODE_SILENT_MS = 15000
"""Apps without roles: the AP and the clients drop a node that they have not heard for this long."""
RESOLVE_PERIOD_MS = 15000
"""App mdns: a client asks for each name again after this, and so notices when a board has moved or is gone."""
RESOLVE_RETRY_MS = 2000
"""App mdns: a name that was not answered is asked for again after this; doubled each time, up to the period."""
SAY_PERIOD_MS = 2000
"""Apps wireless_bus and mesh: a client sends SAY to each of the others this often."""
VISIT_PERIOD_MS = 5000
"""App tcp: a client that was answered visits the AP again after this."""
VISIT_RETRY_MS = 2000
"""App tcp: a client that was not answered visits the AP again after this."""
VISIT_LIMIT_MS = 5000
"""App tcp: a client gives up a visit after this, connecting included. TCP repeats a lost request after 3 s."""
GUEST_LIMIT_MS = 2000
"""App tcp: the AP gives up on a client after this, however much it sends, because the next one waits."""
