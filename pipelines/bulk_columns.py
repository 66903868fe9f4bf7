"""Which column says what, and the listing that a row of such columns makes."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pipelines.bulk_files import ImportRefused
from records import Listing, Seller

#: Names under which a column may come, folded (`_folded`); the first that a row has is taken.
NAMES: dict[str, tuple[str, ...]] = {
    "item_id": ("item_id", "id", "商品id", "商品编号", "商品编码", "宝贝id", "itemid", "goods_id", "sku"),
    "platform": ("platform", "平台", "平台名称", "来源平台"),
    "url": ("url", "link", "链接", "商品链接", "网址", "商品网址", "item_url"),
    "title": ("title", "标题", "商品标题", "商品名称", "宝贝标题", "name", "品名"),
    "description": ("description", "desc", "描述", "商品描述", "详情", "商品详情"),
    "price": ("price", "价格", "商品价格", "单价", "售价"),
    "seller_key": ("seller_key", "seller_id", "卖家id", "店铺id", "商家id", "shop_id"),
    "seller_name": ("seller_name", "seller", "卖家", "卖家昵称", "店铺名称", "店铺", "商家名称", "shop_name"),
    "seller_place": ("seller_place", "卖家所在地"),
    "seller_url": ("seller_url", "店铺链接"),
    "place": ("place", "location", "所在地", "商品所在地", "发货地"),
    "pictures": ("pictures", "images", "图片", "商品图片"),
    "published_at": ("published_at", "发布时间", "上架时间"),
}


class BadRow(ValueError):
    """One row that holds no listing; says why, in Chinese."""


def guessed(header: list[str], told: Mapping[str, str]) -> dict[str, str]:
    """Our name → the file's column, as `told` and, for the others, as the names of the header suggest.

    Raises ImportRefused where `told` names what is not ours.
    """
    if strange := sorted(set(told) - set(NAMES)):
        raise ImportRefused(f"--map 不认得 {'、'.join(strange)}；可用：{'、'.join(NAMES)}")
    by_folded = {_folded(name): name for name in reversed(header)}
    found = {ours: by_folded[name] for ours, names in NAMES.items() for name in reversed(names) if name in by_folded}
    return found | dict(told)


def complete(columns: Mapping[str, str]) -> bool:
    """True where a row of such columns can make a listing."""
    return "title" in columns and bool({"item_id", "url"} & set(columns))


def listing_of(cells: Mapping[str, Any], columns: Mapping[str, str], platform: str) -> Listing:
    """The listing of a row; `platform` where the row names none. Raises BadRow."""
    row = {ours: cells.get(theirs) for ours, theirs in columns.items()}
    named = _text(row, "platform") or platform
    item_id = _text(row, "item_id") or _text(row, "url")
    title = _text(row, "title")
    missing = [name for name, value in (("平台", named), ("商品编号", item_id), ("标题", title)) if not value]
    if missing:
        raise BadRow(f"缺少{'、'.join(missing)}")
    description = _text(row, "description")
    return Listing(
        platform=named,
        item_id=item_id,
        url=_text(row, "url"),
        title=title,
        description=description,
        price=_price(_text(row, "price")),
        price_text=_text(row, "price"),
        seller=_seller(cells, row),
        place=_text(row, "place"),
        pictures=_pictures(row),
        published_at=_moment(row.get("published_at")),
        detail_read=bool(description),
    )


def _folded(name: str) -> str:
    return re.sub(r"[\s_]+", "_", name.strip().lower())


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if isinstance(value, dict | list | bool):
        raise BadRow(f"{name} 应是文字")
    return "" if value is None else str(value).strip()


def _seller(cells: Mapping[str, Any], row: Mapping[str, Any]) -> Seller | None:
    nested = cells.get("seller")
    if isinstance(nested, dict):  # as `xunwang extract` prints it
        told = {name: str(nested.get(name) or "") for name in ("key", "name", "place", "url")}
        return Seller(**told) if told["key"] else None
    name = _text(row, "seller_name")
    key = _text(row, "seller_key") or (f"name:{name}" if name else "")
    if not key:
        return None
    return Seller(key=key, name=name, place=_text(row, "seller_place"), url=_text(row, "seller_url"))


def _pictures(row: Mapping[str, Any]) -> tuple[str, ...]:
    value = row.get("pictures") or ""
    if isinstance(value, list):
        return tuple(one for one in value if isinstance(one, str))
    return tuple(one for one in re.split(r"[\s|;]+", str(value)) if one)


def _price(told: str) -> Decimal | None:
    """A plain number; whatever else stands there is kept as text."""
    try:
        return Decimal(told.removeprefix("¥").removeprefix("￥").removesuffix("元").replace(",", "").strip())
    except InvalidOperation:
        return None


def _moment(told: Any) -> datetime | None:
    try:
        return told if isinstance(told, datetime) else datetime.fromisoformat(str(told or "").strip())
    except ValueError:
        return None
