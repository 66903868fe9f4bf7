"""The one reader of the environment and of xunwang.toml.

Order, strongest first: arguments, `XUNWANG_*` variables (`__` between levels; `DATABASE_URL` too), xunwang.toml,
the defaults below. The full default file with comments is `ops/xunwang.default.toml`; a test keeps the two equal.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from egress import names_inside
from ops.settings_evidence import Evidence, check_secrets
from records import Fault, Hours


class SettingsRefused(Fault):
    """设置有误，未启动任何东西。

    The settings are wrong; nothing was started.
    """

    code = "E-OPS-001"
    remedy = (
        "请改正上面列出的设置项；`xunwang init --print` 给出带注释的完整默认文件。",
        "Mend the settings named above; `xunwang init --print` gives the full default file with comments.",
    )
    exit_code = 2


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Limits = dict[Literal["requests", "pages", "minutes", "megabytes"], NonNegativeInt]


class District(_Part):
    """One 区（市） of the city."""

    #: GB/T 2260, six digits.
    code: str = Field(pattern=r"^\d{6}$")
    name: str
    #: Other spellings that sellers use.
    aliases: tuple[str, ...] = ()


class Unit(_Part):
    """Whose system this is."""

    name: str = "市市场监督管理局网络监督管理科"
    city: str = "枣庄市"
    province: str = "山东省"
    districts: tuple[District, ...] = (
        District(code="370402", name="市中区"),
        District(code="370403", name="薛城区"),
        District(code="370404", name="峄城区"),
        District(code="370405", name="台儿庄区"),
        District(code="370406", name="山亭区"),
        District(code="370481", name="滕州市", aliases=("滕州",)),
    )


class Crawl(_Part):
    """How the patrol goes out."""

    #: Who asks, with a way to reach them; sent with every request.
    user_agent: str = "Xunwang/0.1 (+market regulation patrol; contact: set crawl.user_agent)"
    #: List pages a query may read.
    max_pages: int = Field(default=200, ge=1)
    #: Detail pages of clean new cards a query may read; suspicious cards always get theirs.
    max_details: int = Field(default=50, ge=0)
    #: Search terms a platform gets in one night.
    max_terms: int = Field(default=30, ge=0)
    #: Nights that a term rests at most after a platform had nothing for it (3 at most where its category pages were not
    #: seen whole); 0: every term is asked every night.
    longest_rest: int = Field(default=14, ge=0, le=60)
    #: List pages of a query that are read again every night, because listings change in place; what lies behind is
    #: read only as far as something new stands there.
    reread_pages: int = Field(default=20, ge=1)
    #: Nights after which a list is read to its end again all the same, a third sooner or later; 0: never.
    whole_nights: int = Field(default=7, ge=0, le=90)
    #: Nights after which the own page of a hit in an open lead is read again, a third sooner or later.
    revisit_nights: int = Field(default=3, ge=1, le=90)
    #: Hits a platform whose own pages are read again in one night.
    max_revisits: int = Field(default=60, ge=0)
    #: Other listings beside them, where cards show no time of the last change; 0: none.
    max_rereads: int = Field(default=10, ge=0)
    #: Days after which the foot of a platform's pages is read again for the 摸底台账.
    ledger_days: int = Field(default=30, ge=1)
    #: Seconds until a page must have come to its end.
    page_deadline: float = Field(default=60.0, gt=0)
    #: Hours that a robots.txt counts for after it was fetched, for all workers together; a day at most (RFC 9309).
    robots_hours: float = Field(default=12.0, gt=0, le=24)
    #: Megabytes that the process of one platform and its browsers may hold together; beyond, it is begun anew.
    memory: int = Field(default=3_000, ge=300)
    #: Path of a Chromium; empty: look for Playwright's own, then for the system's.
    chromium: str = ""
    #: Pages that one browser shows before it is replaced.
    browser_pages: int = Field(default=300, ge=1)
    #: MiB that one browser may hold, all its processes together, before it is killed.
    browser_megabytes: int = Field(default=1_200, ge=200)
    #: A browser that runs elsewhere: its address for CDP (http://host:9222, ws://…/devtools/…) or that of a Playwright
    #: server (ws://…); empty: one is started here.
    browser_url: str = Field(default="", pattern=r"^$|^(https?|wss?)://")
    #: The proxy through which that browser goes out, as seen from there, http://host:port.
    browser_proxy: str = Field(default="", pattern=r"^$|^(http|socks5)://[^/]+$")
    #: Nights after which a platform that needed a browser (`render: auto`) is tried without one again.
    shell_nights: int = Field(default=7, ge=0, le=365)
    #: Categories whose search terms are asked for; empty: every one.
    categories: tuple[str, ...] = ()
    #: Platforms that a nightly scan covers; empty: every one that is public.
    platforms: tuple[str, ...] = ()
    #: Platform key → base address that replaces the definition's own (a mirror, a test market).
    sites: dict[str, str] = {}
    #: What one Shanghai date may cost on each platform, all scans together: requests, pages, minutes,
    #: megabytes; a limit that is left out or 0 does not hold.
    budget: _Limits = {"requests": 20_000, "pages": 10_000, "minutes": 240, "megabytes": 4_096}
    #: Platform key → lower limits of its own.
    budgets: dict[str, _Limits] = {}
    #: Hours at which platforms may be asked, Beijing time; empty: at any time.
    hours: str = ""
    #: Platform key → hours of its own, in place of these.
    hours_of: dict[str, str] = {}
    #: Platform key → what may be zero there without anything being wrong: items, new, price, seller, pictures, place.
    may_be_zero: dict[str, tuple[Literal["items", "new", "price", "seller", "pictures", "place"], ...]] = {}

    @model_validator(mode="after")
    def _guarded(self) -> "Crawl":
        if self.browser_url and not self.browser_proxy:
            raise ValueError(
                "browser_url 须与 browser_proxy 一起设置：远程浏览器只能经代理外出，否则网页可借它访问其所在的内部网络"
            )
        return self

    @field_validator("hours", "hours_of")
    @classmethod
    def _hours(cls, value: str | dict[str, str]) -> str | dict[str, str]:
        for written in [value] if isinstance(value, str) else value.values():
            Hours(written)
        return value


class Console(_Part):
    """The web pages."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    #: Address that people open; links in messages start with it. Empty: http://host:port.
    base_url: str = ""
    #: Host names that the console answers to, besides the loopback ones.
    trusted_hosts: tuple[str, ...] = ()
    #: True where a proxy in front of the console ends TLS.
    behind_tls: bool = False
    #: Address under which browsers reach the replay site, on another host name than the console's. Empty: on this
    #: machine http://replay.localhost:replay_port, beyond it none.
    replay_url: str = Field(default="", pattern=r"^$|^https?://[^/]+$")
    #: Port on which the replay site listens, beside the console; 0: one above the console's.
    replay_port: int = Field(default=0, ge=0, le=65535)
    #: Requests that one API token may make a minute.
    api_per_minute: int = Field(default=600, ge=1, le=100_000)

    @model_validator(mode="after")
    def _apart(self) -> "Console":
        if self.replay_url and urlsplit(self.replay_url).hostname in _names_of(self):
            raise ValueError("replay_url 须与控制台用不同的主机名：Cookie 不分端口，存档里的脚本会借用登录状态")
        return self


def _names_of(console: Console) -> set[str | None]:
    return {urlsplit(console.base_url).hostname, console.host, *console.trusted_hosts}


class WeCom(_Part):
    """A robot of a 企业微信 group. Its key is a secret."""

    name: str = "wecom"
    url: str


class Mail(_Part):
    """A mailbox that gets the digest."""

    name: str = "mail"
    host: str
    port: int = 465
    #: tls, starttls or none.
    security: str = Field(default="tls", pattern="^(tls|starttls|none)$")
    user: str = ""
    password: str = ""
    sender: str
    recipients: tuple[str, ...]


class Webhook(_Part):
    """An address that gets the digest as JSON."""

    name: str = "webhook"
    url: str
    #: Sent as `Authorization: Bearer …`; empty for none.
    token: str = ""


class Alerts(_Part):
    """Who is told, and how."""

    wecom: tuple[WeCom, ...] = ()
    mail: tuple[Mail, ...] = ()
    webhook: tuple[Webhook, ...] = ()
    #: Hosts that a webhook may name, besides qyapi.weixin.qq.com.
    webhook_hosts: tuple[str, ...] = ()
    #: Hosts (mail server, webhook, proxy) that stand in the unit's own network; every other must be public.
    internal_hosts: tuple[str, ...] = ()
    #: Plain HTTP, and mail, to this very machine: for trying things out.
    allow_loopback: bool = False
    #: Forward proxy of the unit, http://host:port; empty for none.
    proxy: str = ""


class Retention(_Part):
    """Days for which each class of records is kept; 0: for good. What is held, or belongs to a case, stays anyway."""

    #: Listings that are no hits, by their last sight.
    listings_days: int = Field(default=180, ge=0, le=36_500)
    #: Leads never screened, or put off, by their last sight.
    unscreened_days: int = Field(default=730, ge=0, le=36_500)
    #: Dismissed leads, by their screening.
    dismissed_days: int = Field(default=730, ge=0, le=36_500)
    #: Evidence of dismissed leads, where it is to go before them.
    evidence_days: int = Field(default=730, ge=0, le=36_500)
    #: Leads that were screened in.
    confirmed_days: int = Field(default=0, ge=0, le=36_500)
    #: HH:MM, Asia/Shanghai, from which on the clock purges.
    at: str = Field(default="04:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")


class Nightly(_Part):
    """The schedule that `xunwang init` writes; afterwards the rows in the database count."""

    #: HH:MM, Asia/Shanghai.
    scan_at: str = Field(default="02:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    digest_at: str = Field(default="08:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    #: True: every nightly scan must turn a listing planted on a loopback page into a lead, or the night is red.
    canary: bool = True
    #: Title of that listing: something that the unit's lexicon must find.
    canary_title: str = Field(default="出一条老象牙手串 108颗 网纹清晰 包真 加微信", min_length=4)


class Clock(_Part):
    """What tells how far this machine's clock can be trusted."""

    #: An NTP server, host or host:port; empty: captures say that the clock was not compared.
    source: str = Field(default="", pattern=r"^$|^[A-Za-z0-9._-]+(:\d{1,5})?$")
    #: Milliseconds beyond which captures call the clock unreliable.
    limit_ms: int = Field(default=2_000, ge=1)


def default_home() -> Path:
    """Where the house keeps its things when nobody says otherwise."""
    return Path("/var/lib/xunwang") if os.geteuid() == 0 else Path.home() / ".xunwang"


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="XUNWANG_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )
    #: The file read besides the environment; set for one reading by `read_settings`.
    toml_file: ClassVar[Path | None] = None

    #: Data folder: embedded database, evidence, secrets.
    home: Path = Field(default_factory=default_home)
    #: PostgreSQL 15–18; empty: the embedded one.
    database_url: str = ""
    unit: Unit = Unit()
    crawl: Crawl = Crawl()
    console: Console = Console()
    alerts: Alerts = Alerts()
    nightly: Nightly = Nightly()
    clock: Clock = Clock()
    retention: Retention = Retention()
    #: Digest of the container image that runs, for captures to name; empty for none.
    image: str = ""
    evidence: Evidence = Evidence()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file. No .env, no secrets directory."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, cls.toml_file))

    @property
    def evidence_root(self) -> Path:
        """Folder of the evidence store."""
        return self.home / "evidence"

    @property
    def console_url(self) -> str:
        """Address that people open."""
        return (self.console.base_url or f"http://{self.console.host}:{self.console.port}").rstrip("/")

    def seller_salt(self) -> bytes:
        """32 bytes that key the hashes of sellers without a hit; made at first use, kept 0600."""
        return _secret(self.home / "secrets" / "seller_salt")

    def session_key(self) -> bytes:
        """32 bytes that lock the sessions supplied by people; made at first use, kept 0600."""
        return _secret(self.home / "secrets" / "session_key")


def read_settings(config: Path | None = None, **changes: Any) -> Settings:
    """Settings from `config` (else XUNWANG_CONFIG, ./xunwang.toml, <home>/xunwang.toml), environment and `changes`.

    Raises SettingsRefused, naming each wrong item.
    """
    file = config or _first_file(
        os.environ.get("XUNWANG_CONFIG"),
        "xunwang.toml",
        Path(os.environ.get("XUNWANG_HOME", default_home())) / "xunwang.toml",
    )
    if file is not None and not file.is_file():
        raise SettingsRefused(f"没有这个文件：{file}")
    if "DATABASE_URL" in os.environ:
        changes.setdefault("database_url", os.environ["DATABASE_URL"])
    reader = type("Settings", (Settings,), {"toml_file": file})
    try:
        read: Settings = reader(**changes)
        _check_sites(EnvSettingsSource(reader)())
        check_secrets(file)
    except ValidationError as refused:
        lines = (f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in refused.errors(include_input=False))
        raise SettingsRefused("\n".join(lines)) from None
    except ValueError as unreadable:  # not TOML
        raise SettingsRefused(f"{file}: {unreadable}") from None
    return read


def _check_sites(environment: dict[str, Any]) -> None:
    """Raises SettingsRefused where the environment would open this machine to the crawler: only a file may."""
    crawl = environment.get("crawl")
    sites = crawl.get("sites") if isinstance(crawl, dict) else None
    for key, site in sites.items() if isinstance(sites, dict) else ():
        if names_this_machine(str(site)):
            raise SettingsRefused(f"crawl.sites.{key}：指向本机或内部网络的地址只能写在 xunwang.toml 里，环境变量不算")


def names_this_machine(site: str) -> bool:
    """True where `site`, a base address, names this machine or an internal address outright."""
    return names_inside(urlsplit(site).hostname or "")


def _first_file(*candidates: str | Path | None) -> Path | None:
    return next((Path(c) for c in candidates if c and Path(c).is_file()), None)


def _secret(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
            os.link(draft, path)
        draft.unlink()
    return path.read_bytes()
