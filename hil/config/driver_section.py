"""Sections that name their own class: ``driver:`` picks, from a registry, the model that reads the section."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from hil.config.registry import Registry
from hil.config.sections import Scalar

SectionT = TypeVar("SectionT", bound=BaseModel)


def read_section(registry: Registry[type[SectionT]], given: object) -> SectionT:
    """The section ``given`` as it was parsed from a file, read by the class that its ``driver:`` names.

    For a pydantic ``PlainValidator``: what it raises is reported with the section's ``file:line:``. Only the class
    that is named is imported.
    """
    if not isinstance(given, Mapping):
        raise PydanticKnownError("dict_type")
    if "driver" not in given:
        raise PydanticKnownError("union_tag_not_found", {"discriminator": "'driver'"})
    driver = given["driver"]
    # An error may show the name as written, but not the value of an environment variable in it.
    section = registry.load(driver.written if isinstance(driver, Scalar) else str(driver))
    try:
        return section.model_validate(given)
    except ValidationError as error:
        raise _with_known_keys(section, error) from None


def _with_known_keys(section: type[BaseModel], error: ValidationError) -> ValidationError:
    """``error`` with the keys of ``section`` in its details: the model of the complete file does not know the class."""
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
