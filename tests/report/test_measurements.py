import pytest

from hil.errors import HilError, MeasurementExceeded
from hil.report.measurements import Measurement, format_quantity, measurements_in


def join(value: float) -> Measurement:
    return Measurement(name="join", value=value, limit=15, unit="s")


def test_at_the_limit_is_within_it() -> None:
    join(15).check()
    assert not join(15).is_exceeded


def test_over_the_limit_is_an_error_with_name_value_limit_and_unit() -> None:
    with pytest.raises(
        MeasurementExceeded, match=r'^measurement "join": 15\.001 s is over the limit of 15 s$'
    ) as caught:
        join(15.001).check()
    assert isinstance(caught.value, HilError)
    assert isinstance(caught.value, AssertionError)
    assert (caught.value.value, caught.value.limit, caught.value.unit) == (15.001, 15, "s")


@pytest.mark.parametrize("limit", [15, float("inf")])
def test_a_value_that_is_not_a_number_exceeds_every_limit(limit: float) -> None:
    with pytest.raises(MeasurementExceeded, match="nan s is over the limit of"):
        Measurement(name="join", value=float("nan"), limit=limit, unit="s").check()


def test_a_tiny_excess_shows() -> None:
    with pytest.raises(MeasurementExceeded, match=r"15\.000001 s is over the limit of 15 s"):
        join(15.000001).check()


def test_user_properties_hold_measurements_among_others() -> None:
    first, second = join(2.31), Measurement(name="loss", value=0, limit=10, unit="%")
    properties = [("other", "x"), first.to_property(), ("rig_time_s", 3.5), second.to_property()]
    assert measurements_in(properties) == [first, second]


@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2 s"), (0.0, "0 s"), (2.3104, "2.31 s"), (12345.6789, "12345.679 s"), (100, "100 s")]
)
def test_quantities_have_three_decimals_at_most(value: float, text: str) -> None:
    assert format_quantity(value, "s") == text


@pytest.mark.parametrize(
    "measurement",
    [
        Measurement(name="join of C (cold)", value=2.310400001, limit=15, unit="s"),
        Measurement(name="retries", value=3, limit=10, unit=""),
        Measurement(name="level", value=-61.5, limit=-40, unit="dBm (limit of 3)"),
        Measurement(name="lost", value=1e-9, limit=float("inf"), unit="packets per minute"),
    ],
)
def test_a_user_property_keeps_every_digit(measurement: Measurement) -> None:
    assert measurements_in([measurement.to_property()]) == [measurement]


def test_a_user_property_is_readable() -> None:
    assert join(2.31).to_property() == ("measurement:join", "2.31 s (limit 15 s)")
