"""Schedules that failed during exploration, named after the bugs that they revealed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Regression:
    """A schedule that failed."""

    name: str
    app: str
    schedule: str


REGRESSIONS = (
    # The invariant `role-order` took two APs, only one of which kept an order yet, for a settled cluster. The other
    # had opened its own network out of reach of the first; each had a client, so merging took 50 s. Found as
    # `together seed=152; +4.99 partition A C D | B for 5; +5.1 radio-off A for 4.7; +38 partition B | C D | A for 23`;
    # this one has fewer steps and fails more reliably. See also tests/cluster/test_order.py.
    Regression(
        "another-ap-on-the-air-is-not-settled",
        "first_boot",
        "settled seed=3; +0 partition A B | C D for 22",
    ),
    # The promises compared these with an order that was outdated. See also test_promises.py.
    Regression(
        "client-that-was-dropped-is-the-last-whatever-it-was-before",
        "roles",
        "settled seed=0; +0 cut A for 0.01; +13 partition C | A B D for 10",
    ),
    Regression(
        "cluster-that-joins-another-has-no-old-places",
        "first_boot",
        "together seed=9999; +19 partition A B | C D for 30",
    ),
    # The AP counted from the return of D, the first board with an order, and D forgot that order before the AP had
    # collected.
    Regression(
        "first-to-come-back-may-forget",
        "first_boot",
        "settled seed=0; +13.57 duplication 1 for 12; +0.05 cut C for 14; +30.3 brown-out A for 0.05; "
        "+14 brown-out D for 0.3; +0.12 radio-off C for 29.9",
    ),
)
