"""The sections under ``hubs:`` of a rig file: ``driver:`` says which class reads one, and only that is imported."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pydoc import locate
from typing import Annotated, Literal, cast

from pydantic import Field, PlainValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from hil.config.sections import Scalar, Section
from hil.power import HubSection

ENTRY_POINTS = "pico_hil.power"
"""The entry point group of drivers that others wrote: the entry point's name is the driver's, its value a class."""


class VirtualHub(Section):
    """A hub of the virtual bench."""

    driver: Literal["virtual"]
    ports: int = Field(ge=1, le=1024)


BUILT_IN: Mapping[str, str] = {
    "command": "hil.power.command.CommandHub",
    "ssh": "hil.power.ssh.SshHub",
    "sysfs": "hil.power.sysfs.SysfsHub",
    "uhubctl": "hil.power.uhubctl.UhubctlHub",
    "virtual": "hil.config.hubs.VirtualHub",
}
"""Driver to class."""


def _hub(given: object) -> Section:
    """A hub section, read by the class that its driver names."""
    if isinstance(given, (VirtualHub, HubSection)):
        return given
    if not isinstance(given, Mapping):
        raise PydanticKnownError("dict_type")
    if "driver" not in given:
        raise PydanticKnownError("union_tag_not_found", {"discriminator": "'driver'"})
    driver = given["driver"]
    section = _section(driver.written if isinstance(driver, Scalar) else str(driver))
    try:
        return section.model_validate(given)
    except ValidationError as error:
        raise _with_known_keys(section, error) from None


HubConfig = Annotated[VirtualHub | HubSection, PlainValidator(_hub)]
"""One hub: a virtual one, or one that a driver of ``hil/power`` or of another distribution switches."""


def _section(driver: str) -> type[VirtualHub | HubSection]:
    if driver in BUILT_IN:
        return cast("type[VirtualHub | HubSection]", locate(BUILT_IN[driver]))
    brought = {entry_point.name: entry_point for entry_point in _brought()}
    if driver not in brought:
        known = ", ".join(f"'{name}'" for name in sorted({*BUILT_IN, *brought}))
        raise PydanticKnownError(
            "union_tag_invalid", {"discriminator": "'driver'", "tag": driver, "expected_tags": known}
        )
    return _load(brought[driver])


def _brought() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=ENTRY_POINTS))


def _load(entry_point: EntryPoint) -> type[HubSection]:
    origin = f"{entry_point.value} of {entry_point.dist.name if entry_point.dist else 'a distribution without a name'}"
    try:
        section = entry_point.load()
    except Exception as error:
        # Whatever another's module does while it is imported: the error must say whose fault it is.
        text = f"names driver '{entry_point.name}', which is {origin} and cannot be imported"
        raise ValueError(f"{text} ({type(error).__name__}: {error}); mend or reinstall it") from error
    if not (isinstance(section, type) and issubclass(section, HubSection)):
        text = f"names driver '{entry_point.name}', but {origin} is no subclass of hil.power.HubSection"
        raise ValueError(f"{text}; correct its entry point")
    return section


def _with_known_keys(section: type[Section], error: ValidationError) -> ValidationError:
    """``error``, of which unknown keys come with those that ``section`` knows: nobody outside knows its class."""
    keys = [field.alias or name for name, field in section.model_fields.items()]
    return ValidationError.from_exception_data(
        error.title,
        [
            InitErrorDetails(
                type=PydanticCustomError(
                    details["type"], details["msg"], {**details.get("ctx", {}), "known_keys": keys}
                ),
                loc=details["loc"],
                input=details["input"],
            )
            for details in error.errors(include_url=False)
        ],
    )
