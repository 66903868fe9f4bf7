"""The two YAML files of this room, read strictly: the columns of the table, and campaigns."""

from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from db.campaigns import Campaign, Phase, ReportDue
from records import LeadState
from reports.faults import CampaignFileRefused, ColumnsRefused

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Column(BaseModel):
    """One column of the statistics table."""

    model_config = _STRICT

    group: str
    title: str
    unit: str
    measure: Literal["platforms", "listings", "hits", "leads"]
    #: Empty: whatever the state.
    states: tuple[LeadState, ...] = ()
    #: Category keys, or `rest`; empty: whatever the category.
    categories: tuple[str, ...] | Literal["rest"] = ()
    meaning: str

    @property
    def splits(self) -> bool:
        """False where nobody can say which district a figure belongs to: the patrol is the city's."""
        return self.measure in ("hits", "leads")

    @model_validator(mode="after")
    def _fits(self) -> "Column":
        if self.measure != "leads" and (self.states or self.categories):
            raise ValueError(f"{self.title}：只有 leads 可以按状态或类别细分")
        return self


class _Phase(BaseModel):
    model_config = _STRICT

    name: str = Field(min_length=1)
    starts: str = Field(alias="from")
    ends: str = Field(alias="to")


class _Due(BaseModel):
    model_config = _STRICT

    name: str = Field(min_length=1)
    due: str


class _CampaignFile(BaseModel):
    model_config = _STRICT

    name: str = Field(min_length=1, max_length=80)
    document_no: str = ""
    starts: str
    ends: str
    phases: tuple[_Phase, ...] = ()
    report_dues: tuple[_Due, ...] = ()

    @field_validator("name", "document_no")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("含换行或控制字符")
        return value


def read_columns(path: Path | None = None) -> tuple[Column, ...]:
    """The columns in order, of `path` or of the built-in file. Raises ColumnsRefused."""
    try:
        columns = TypeAdapter(tuple[Column, ...]).validate_python(_load(path, "columns.yml"))
    except (ValidationError, yaml.YAMLError, OSError) as error:
        raise ColumnsRefused(_reason(error)) from None
    titles = [(column.group, column.title) for column in columns]
    if not columns or len(set(titles)) != len(titles):
        raise ColumnsRefused("没有列，或同组列名重复")
    return columns


def read_campaign(path: Path | None = None, *, year: int) -> Campaign:
    """A campaign for `db.campaigns.save`, of `path` or of the built-in sample, its dates in `year`.

    Raises CampaignFileRefused. Whether phases overlap is for `save` to say.
    """
    try:
        given = _CampaignFile.model_validate(_load(path, "campaign-sample.yml"))
        return Campaign(
            name=given.name,
            document_no=given.document_no,
            starts_on=_day(given.starts, year),
            ends_on=_day(given.ends, year),
            phases=tuple(
                Phase(name=phase.name, starts_on=_day(phase.starts, year), ends_on=_day(phase.ends, year))
                for phase in given.phases
            ),
            report_dues=tuple(ReportDue(name=due.name, due_on=_day(due.due, year)) for due in given.report_dues),
        )
    except (ValidationError, yaml.YAMLError, OSError, ValueError) as error:
        raise CampaignFileRefused(_reason(error)) from None


def _load(path: Path | None, builtin: str) -> Any:
    source = resources.files("reports").joinpath(builtin) if path is None else path
    return yaml.safe_load(source.read_text(encoding="utf-8"))


def _day(text: str, year: int) -> date:
    """`07-08` in `year`."""
    return date.fromisoformat(f"{year:04d}-{text}")


def _reason(error: Exception) -> str:
    """Where and why, without the parser's whole page."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}：{first['msg']}"
    return str(error).splitlines()[0]
