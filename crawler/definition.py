"""One platform = one YAML file of at most 25 facts: where to ask, how to read, who runs it, what is allowed."""

import difflib
import fnmatch
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote_from_bytes, urljoin

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from crawler.addresses import absolute, canonical, host_of
from crawler.refusals import DefinitionRefused, PlatformCannot, PlatformUnknown
from crawler.selectors import Selector, compile_selector
from records import Query, QueryKind

PLATFORMS = Path(__file__).parent / "platforms"
#: Key of `region` for the whole country.
EVERYWHERE = "全国"
_REGION_PARAMETER = re.compile(r"(?<=[?&])[^?&=]+=\{region\}&?")
_KEY = re.compile(r"[a-z0-9][a-z0-9_]{0,40}")
_LARGEST_FILE = 20_000
#: How each error of pydantic reads in Chinese; `{}` is what it says itself.
_ERRORS = {
    "extra_forbidden": "不认识这个键",
    "missing": "缺少这个键",
    "literal_error": "只能是 {expected} 之一",
}


def _compiles(written: str) -> str:
    compile_selector(written)
    return written


def _is_regex(written: str) -> str:
    try:
        re.compile(written)
    except re.error as error:
        raise ValueError(f"正则写法有误：{error}") from error
    return written


#: A selector as written in the file; refused when it does not compile.
Written = Annotated[str, AfterValidator(_compiles)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


#: Fields of a listing that a definition points at; the same line serves cards and item pages.
FIELDS = (
    "id", "url", "title", "description", "price", "seller", "seller_id", "seller_url", "place", "pictures", "published",
    "updated",
)  # fmt: skip
_SIGNS = ("cards", "item", "more", "empty", "gone", "login", "blocked")


class Definition(_Strict):
    """What the house knows about one platform. Every attribute is a key of its file; defaults need no line."""

    #: Name of the file; key of the platform everywhere.
    key: str
    #: As people call it.
    name: str = Field(min_length=1)
    #: Base address, without a slash at the end.
    site: str
    #: Host patterns that may be asked beside the one of `site`.
    hosts: tuple[str, ...] = ()
    #: public: anyone may read it without an account; walled: nothing is asked of it without a supplied session.
    access: Literal["public", "walled"] = "public"
    #: Company that runs it and its 住所地, as far as known for certain; else 待核.
    operator: str = "待核"
    seat: str = "待核"
    #: Which capture of which date the selectors were verified on.
    verified: str = Field(min_length=1)
    #: How the platform lets a visitor narrow down to a region: in words, or as region → what {region} in `search_url`
    #: and `browse` then holds. Everywhere: the value under 全国; without it the parameter falls out of the address.
    region: str | dict[str, str] = "无"
    #: The lawful ways that remain where it is walled.
    lawful: str = "—"

    #: Template with {query} and perhaps {page} and {region}; may be relative to `site`.
    search_url: str = ""
    #: Category pages, newest first: name -> template, perhaps with {page} and {region}.
    browse: dict[str, str] = {}
    #: Ordinary words that this platform has something for, asked one after the other where it has nothing for ours.
    control: str = "手机 闲置"
    #: What may be zero here without anything being wrong: items, new, price, seller, pictures, place.
    may_be_zero: tuple[Literal["items", "new", "price", "seller", "pictures", "place"], ...] = ()
    #: Queries are percent-encoded in it.
    charset: str = "utf-8"
    render: Literal["never", "auto", "always"] = "auto"
    #: Answers that the rendered page itself loads and that are read as list or item pages.
    data_url: Annotated[str, AfterValidator(_is_regex)] = ""
    #: Script variable, call or script id behind which JSON stands inside a page.
    state: str = ""
    #: "number" (count {page} up), "scroll", or a selector of the link.
    next_page: str = ""
    #: Whether anything follows this page, where the page says so (true, false, 0, 1).
    more: Written = ""
    #: Order of the lists: newest first; or what was put up or changed last first, so that no change hides further down.
    sort: Literal["newest", "updated", "other"] = "other"
    #: How an item's own page is fetched; left out: not at all without `item`, else as the lists are.
    detail: Literal["none", "http", "render"] = "none"
    #: Seconds between two requests.
    delay: float = Field(default=5.0, ge=0, le=3600)
    #: List pages a query, details a query.
    max_pages: int = Field(default=100, ge=1, le=10_000)
    max_details: int = Field(default=1_000, ge=0, le=100_000)

    #: One element or JSON object for each card of a list page.
    cards: Written = ""
    #: The element or JSON object that holds everything about the item on its own page.
    item: Written = ""

    # Where each field stands, inside a card and inside an item alike (first alternative that finds something).

    #: The platform's own id of the item.
    id: Written = ""
    #: Link to the item; may be a template over {id} and {seller_id}.
    url: Written = ""
    title: Written = ""
    description: Written = ""
    #: The price as shown; 万, 面议, 券后 and ranges are understood.
    price: Written = ""
    #: The seller's name.
    seller: Written = ""
    #: The platform's own id of the seller.
    seller_id: Written = ""
    #: Link to the seller's shop.
    seller_url: Written = ""
    place: Written = ""
    #: Addresses of pictures, all that are found.
    pictures: Written = ""
    #: When it was put up: a date, a time or epoch seconds or milliseconds.
    published: Written = ""
    #: When it was last changed, as cards show it in full (no “3 天前”): where it moves, the item's page is read again.
    updated: Written = ""

    #: The only parameters that tell items apart; all others fall out of item addresses.
    url_keeps: tuple[str, ...] = ()
    #: Signs found on pages of this platform that mean: nothing found, gone, login wanted, visitor stopped.
    empty: Written = ""
    gone: Written = ""
    login: Written = ""
    blocked: Written = ""

    @field_validator("site")
    @classmethod
    def _site(cls, value: str) -> str:
        if not host_of(value):
            raise ValueError("应是 http:// 或 https:// 开头的网址")
        return value.rstrip("/")

    @field_validator("charset")
    @classmethod
    def _charset(cls, value: str) -> str:
        try:
            "a".encode(value)
        except LookupError as error:
            raise ValueError(f"没有“{value}”这种字符编码") from error
        return value

    @field_validator("next_page")
    @classmethod
    def _next_page(cls, value: str) -> str:
        return value if value in ("", "number", "scroll") else _compiles(value)

    @model_validator(mode="before")
    @classmethod
    def _detail(cls, facts: Any) -> Any:
        if isinstance(facts, dict) and "detail" not in facts and facts.get("item"):
            return {**facts, "detail": "render" if facts.get("render") == "always" else "http"}
        return facts

    @model_validator(mode="after")
    def _together(self) -> "Definition":
        if self.access == "walled" and self.lawful in ("", "—"):
            raise ValueError("access 为 walled 时须写 lawful（还有哪些合法途径）")
        if self.search_url and "{query}" not in self.search_url:
            raise ValueError("search_url 里须有 {query}")
        if bool(self.regions) != any("{region}" in one for one in (self.search_url, *self.browse.values())):
            raise ValueError("region 写成“地区: 代号”时，search_url 或 browse 里须有 {region}；反之亦然")
        if not (self.cards or self.item):
            raise ValueError("cards（列表上的卡片）与 item（商品页）至少写一项，否则读不出商品")
        if not (self.id and self.url and self.title):
            raise ValueError("id、url、title 三项必须写，否则认不出商品")
        return self

    @cached_property
    def signs(self) -> dict[str, Selector]:
        """Compiled selectors that concern a whole page, by key."""
        signs = {name: compile_selector(getattr(self, name)) for name in _SIGNS}
        return {
            **signs,
            "next_page": () if self.next_page in ("number", "scroll") else compile_selector(self.next_page),
        }

    @cached_property
    def fields(self) -> dict[str, Selector]:
        """Compiled selectors of a listing's fields, by name; those not written are empty."""
        return {name: compile_selector(getattr(self, name)) for name in FIELDS}

    @property
    def regions(self) -> dict[str, str]:
        """Region → what stands for it in addresses; empty where a visitor cannot narrow down by address."""
        return self.region if isinstance(self.region, dict) else {}

    def region_of(self, city: str) -> str:
        """The region of this name, with or without 市; empty where a visitor cannot narrow down to it."""
        bare = city.removesuffix("市")
        return next((name for name in self.regions if bare and name.removesuffix("市") == bare), "")

    @property
    def region_told(self) -> str:
        """How a visitor can narrow down, as people read it."""
        if isinstance(self.region, str):
            return self.region
        return "检索可按地区筛选：" + "、".join(name for name in self.region if name != EVERYWHERE)

    def at(self, site: str) -> "Definition":
        """The same platform at another base address; raises DefinitionRefused when `site` is none."""
        if not host_of(site):
            raise DefinitionRefused(f"{self.key}：“{site}”不是网址")
        return self.model_copy(update={"site": site.rstrip("/")})

    def _template(self, kind: QueryKind, text: str) -> str:
        return self.search_url if kind is QueryKind.SEARCH else self.browse.get(text, "")

    def narrows(self, kind: QueryKind, text: str) -> bool:
        """True where such a query can be narrowed down to a region."""
        return "{region}" in self._template(kind, text)

    def address(self, query: Query, page: int = 1) -> str:
        """The absolute address of list page `page` of a query; raises PlatformCannot where there is none."""
        template = self._template(query.kind, query.text)
        term = self.encoded(query.text) if query.kind is QueryKind.SEARCH else ""
        if not template:
            known = "、".join(self.browse) or "无"
            raise PlatformCannot(f"{self.name}：{query.kind.value} “{query.text}”（可浏览的栏目：{known}）")
        if query.region and not (query.region in self.regions and "{region}" in template):
            raise PlatformCannot(
                f"{self.name}：地区“{query.region}”（可筛选的地区：{'、'.join(self.regions) or '无'}）"
            )
        placed = self._placed(template, query.region)
        return urljoin(self.site + "/", placed.replace("{query}", term).replace("{page}", str(page)))

    def _placed(self, template: str, region: str) -> str:
        """A template with its region filled in."""
        value = self.encoded(self.regions.get(region or EVERYWHERE, ""))
        return template.replace("{region}", value) if value else _REGION_PARAMETER.sub("", template)

    def encoded(self, term: str) -> str:
        """`term` percent-encoded as a browser would on a page in `charset`."""
        return quote_from_bytes(term.encode(self.charset, "xmlcharrefreplace"), safe="")

    def allows(self, url: str) -> bool:
        """True for http(s) addresses on a host of this platform."""
        host = host_of(url)
        return bool(host) and any(fnmatch.fnmatchcase(host, p.lower()) for p in (host_of(self.site), *self.hosts))

    def is_data(self, url: str) -> bool:
        """True for answers of the rendered page that are read as pages."""
        return bool(self.data_url) and re.search(self.data_url, url) is not None

    def canonical(self, url: str) -> str:
        """The one address of an item: relative links resolved, tracking dropped; empty when not http(s)."""
        return canonical(absolute(self.site + "/", url), self.url_keeps)

    def page_after(self, url: str) -> str:
        """The address of the page after `url` where pages are numbered; empty when `url` fits no template."""
        paged = [template for template in (self.search_url, *self.browse.values()) if "{page}" in template]
        for template in (self._placed(one, region) for region in ("", *self.regions) for one in paged):
            found = _numbered(urljoin(self.site + "/", template)).fullmatch(url)
            if found:
                return url[: found.start(1)] + str(int(found[1]) + 1) + url[found.end(1) :]
        return ""


def _numbered(template: str) -> re.Pattern[str]:
    escaped = re.escape(template).replace(re.escape("{query}"), "[^/?#&]*")
    return re.compile(escaped.replace(re.escape("{page}"), r"(\d{1,6})", 1))


def definition(key_or_path: str | Path) -> Definition:
    """The definition with this key, or the one in this file; raises PlatformUnknown or DefinitionRefused."""
    named = str(key_or_path)
    if _KEY.fullmatch(named) and (PLATFORMS / f"{named}.yml").is_file():
        return read_definition(PLATFORMS / f"{named}.yml")
    path = Path(key_or_path)
    if path.suffix in (".yml", ".yaml") and path.is_file():
        return read_definition(path)
    known = sorted(file.stem for file in PLATFORMS.glob("*.yml"))
    close = difflib.get_close_matches(named, known, n=1)
    raise PlatformUnknown(f"“{named}”" + (f"，是不是 {close[0]}？" if close else "") + f" 已有：{'、'.join(known)}")


def definitions() -> dict[str, Definition]:
    """Every platform that the house knows, by key, sorted."""
    return {path.stem: read_definition(path) for path in sorted(PLATFORMS.glob("*.yml"))}


def read_definition(path: Path) -> Definition:
    """The definition in one file; raises DefinitionRefused naming file, key and remedy."""
    if not _KEY.fullmatch(path.stem):
        raise DefinitionRefused(f"{path.name}：文件名就是平台代号，只能用小写字母、数字和下划线")
    try:
        text = path.read_bytes()[: _LARGEST_FILE + 1].decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionRefused(f"{path.name}：读不了（{error}）") from error
    if len(text) > _LARGEST_FILE:
        raise DefinitionRefused(f"{path.name}：超过 {_LARGEST_FILE} 字节，不像一份定义")
    facts = _yaml(path.name, text)
    if "key" in facts:
        raise DefinitionRefused(f"{path.name}：键 key：不必写，文件名就是平台代号")
    try:
        return Definition.model_validate({**facts, "key": path.stem})
    except ValidationError as error:
        raise DefinitionRefused("\n".join(f"{path.name}：{line}" for line in _reasons(error))) from error


class _OnceLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, where the second would silently replace the first.

    Every scalar stays the text that was written (2026-11-23 is no date, 58 no number); pydantic does the rest.
    """

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 - named and typed by PyYAML

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"键 {twice} 出现了两次", node.start_mark)
        return super().construct_mapping(node, deep)


def _yaml(name: str, text: str) -> dict[str, Any]:
    loader = None
    try:
        loader = _OnceLoader(text)
        loaded = loader.get_single_data()
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行，" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise DefinitionRefused(f"{name}：{where}不是正确的 YAML（{problem}）") from error
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(loaded, dict):
        raise DefinitionRefused(f"{name}：应是一行一项的“键: 值”")
    return {str(key): value for key, value in loaded.items()}


def _reasons(error: ValidationError) -> list[str]:
    return [_reason(problem) for problem in error.errors(include_url=False, include_input=False)]


def _reason(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    cause = problem.get("ctx", {}).get("error")
    text = _ERRORS.get(problem["type"], "").format(**problem.get("ctx", {})) or str(cause or problem["msg"])
    close = difflib.get_close_matches(key, Definition.model_fields, n=1)
    if problem["type"] == "extra_forbidden" and close:
        text += f"，是不是 {close[0]}？"
    return f"键 {key}：{text}" if key else text


__all__ = ["Definition", "definition", "definitions", "read_definition"]
