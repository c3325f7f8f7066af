"""The protocol's periods and limits, in milliseconds. firmware.yaml repeats them for tests; a test compares the two."""

HELLO_PERIOD_MS = 5000
"""A client that the AP lists says HELLO this often."""
HELLO_RETRY_MS = 1000
"""A client that the AP does not list, or does not answer, says HELLO this often."""
RENEW_PERIOD_MS = 1000
"""The first in order renews its lease this often."""
RENEW_RETRY_MS = 250
"""The first in order that holds no lease repeats its first renewals this soon (doubled up to RENEW_PERIOD_MS)."""
LEASE_MS = 3000
"""A node is MASTER this long, counted from the moment it sent the renewal that was answered."""
LEASE_AT_AP_MS = 4000
"""The AP grants the lease to nobody else this long, counted from the last renewal it received."""
COLLECT_MS = 4000
"""An AP that has just started only listens this long: by then every lease it may have granted before has run out."""
WORKER_SILENT_MS = 15000
"""The AP drops a worker that it has not heard for this long."""
AP_SILENT_MS = 20000
"""A client that has not heard the AP for this long joins the Wi-Fi anew, whatever the radio says."""
ROLES_REPEATS_MS = (200, 500, 1000, 2000)
"""After a change the AP sends ROLES at once, and again this much later: the radio loses some."""
