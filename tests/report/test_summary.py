import math

import pytest

from hil.report.measurements import Measurement
from hil.report.results import Attempt, Phase, TestResult
from hil.report.summary import measurement_rows, render, slowest, verdict_counts


def failover(value: float) -> Measurement:
    return Measurement(name="failover", value=value, limit=6, unit="s")


def result(
    nodeid: str,
    outcome: str,
    *,
    category: str = "",
    measurements: tuple[Measurement, ...] = (),
    rig_time_s: float = 0.0,
    took_s: float = 0.0,
) -> TestResult:
    """The result of a test that ran once."""
    phase = Phase(when="teardown", outcome=outcome, category=category, duration_s=took_s)
    return TestResult(
        nodeid=nodeid, attempts=(Attempt(phases=(phase,), measurements=measurements, rig_time_s=rig_time_s),)
    )


RESULTS = [
    result("testplans/test_roles.py::test_order", "passed", rig_time_s=8, took_s=0.5),
    result(
        "testplans/test_roles.py::test_agree",
        "failed",
        category="product defect",
        rig_time_s=30.04,
        took_s=1.26,
    ),
    result(
        "testplans/test_failure.py::test_next",
        "passed",
        measurements=(failover(4.5),),
        rig_time_s=6.5,
        took_s=0.75,
    ),
    result(
        "testplans/test_failure.py::test_two[3]",
        "failed",
        category="limit exceeded",
        measurements=(failover(7.25),),
        rig_time_s=12,
        took_s=0.25,
    ),
    result(
        "testplans/test_failure.py::test_cable",
        "bench-error",
        category="bench error",
        measurements=(failover(5),),
        took_s=15,
    ),
    result("testplans/test_failure.py::test_many", "skipped", took_s=0.001),
]


def test_verdicts_are_counted_per_testplan() -> None:
    assert verdict_counts(RESULTS) == {
        "testplans/test_failure.py": {"passed": 1, "failed": 1, "bench-error": 1, "skipped": 1},
        "testplans/test_roles.py": {"passed": 1, "failed": 1},
    }


def test_measurements_of_one_name_and_limit_share_a_row() -> None:
    other_limit = Measurement(name="failover", value=9, limit=12, unit="s")
    rows = measurement_rows([*RESULTS, result("x.py::y", "passed", measurements=(other_limit,))])
    assert [(row.name, row.limit, row.values, row.worst, row.worst_test) for row in rows] == [
        ("failover", 6, (4.5, 7.25, 5), 7.25, "testplans/test_failure.py::test_two[3]"),
        ("failover", 12, (9,), 9, "x.py::y"),
    ]


def test_tables_as_they_are_printed() -> None:
    assert render(RESULTS, width=120, colour=False).splitlines() == [
        "testplan                   passed  skipped  blocked  failed  bench-error",
        "testplans/test_failure.py       1        1        -       1            1",
        "testplans/test_roles.py         1        -        -       1            -",
        "all                             2        1        -       2            1",
        "",
        "2 passed, 1 skipped, 1 product defect, 1 limit exceeded, 1 bench error",
        "",
        "measurement  n  median   worst  limit  verdict   worst in",
        "failover     3     5 s  7.25 s    6 s  exceeded  test_failure.py::test_two[3]",
        "",
        "slowest      rig time    took",
        "test_agree     30.0 s   1.3 s",
        "test_cable      0.0 s  15.0 s",
        "test_two[3]    12.0 s   0.2 s",
        "test_order      8.0 s   0.5 s",
        "test_next       6.5 s   0.8 s",
    ]


def test_a_run_that_passed_has_no_categories_and_one_test_has_no_table_of_the_slowest() -> None:
    results = [result("t.py::test_x", "passed", rig_time_s=3, took_s=1)]
    assert render(results, width=120, colour=False).splitlines() == [
        "testplan  passed  skipped  blocked  failed  bench-error",
        "t.py           1        -        -       -            -",
    ]


def test_the_five_slowest_by_rig_time_or_wall_clock() -> None:
    results = [result(f"t.py::test_{n}", "passed", rig_time_s=n, took_s=7 - n) for n in range(8)]
    assert [each.nodeid[-1] for each in slowest(results)] == ["0", "7", "1", "6", "2"]
    assert slowest([result("t.py::test_x", "blocked", took_s=0.04)]) == []


def test_a_value_that_is_not_a_number_does_not_meet_its_limit() -> None:
    results = [result("t.py::test_x", "failed", measurements=(failover(math.nan), failover(1)))]
    assert "exceeded" in render(results, width=120, colour=False)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal_and_none_has_control_characters(width: int) -> None:
    lines = render(RESULTS, width=width, colour=False).splitlines()
    assert max(len(line) for line in lines) <= width
    assert all(line.isprintable() for line in lines)


def test_square_brackets_are_not_markup() -> None:
    results = [result("t.py::test_x[red]", "passed", measurements=(failover(1),))]
    assert "test_x[red]" in render(results, width=120, colour=False)


def test_colours_only_where_wanted() -> None:
    assert "\x1b[" in render(RESULTS, width=100, colour=True)


def test_the_test_of_the_worst_value_is_left_out_if_it_does_not_fit() -> None:
    assert "test_failure.py::test_two" in render(RESULTS, width=120, colour=False)
    assert "test_failure.py::test_two" not in render(RESULTS, width=119, colour=False)
