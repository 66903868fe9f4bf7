"""The description of the API, made from the routes themselves: OpenAPI 3.1, in the reader's language."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

from console import language
from console.api.asks import asks_of
from console.api.problems import MEDIA_TYPE, TYPE, VersionStale, is_api
from console.api.shapes import said
from console.language import N_, recorded, word
from console.roles import holders

VERSION = "1"
_TITLE = N_("巡网接口")
_ABOUT = N_(
    "供其他系统（12315、省级平台、证据存档、夜间脚本）使用。"
    "每个请求在 Authorization 请求头带令牌；令牌代表建立它的账号，看得到的"
    "和做得了的不超出该账号的角色与辖区。个人信息与页面一样遮盖。时间为北京时间，带 +08:00。"
)
_BEARER = N_("令牌，形如 xwk_ 加 49 位字母数字；在控制台“接口令牌”页建立。不得写在地址里。")

#: What each parameter means, whichever route takes it.
_PARAMETERS: Mapping[str, str] = {
    "state": N_("线索状态"),
    "all_states": N_("true 为不限状态"),
    "platform": N_("平台代号"),
    "category": N_("类别代号"),
    "district": N_("辖区名称；空为本市与待定，* 为全部"),
    "level": N_("级别：high 或 review"),
    "q": N_("在线索号、卖家、标题和描述中查找的词语，以空格分开"),
    "sort": N_("排序：空为最重的在前，new 新发现的在前，hits 条数多的在前"),
    "min": N_("最低分值"),
    "price_from": N_("最低价格（元）"),
    "price_to": N_("最高价格（元）"),
    "from": N_("自哪一天（北京时间，含）"),
    "to": N_("至哪一天（北京时间，含）"),
    "by": N_("初筛人的账号编号"),
    "limit": N_("一页至多几条"),
    "cursor": N_("上一页 next 的值"),
    "hits": N_("true 为只要疑似信息"),
    "lead_id": N_("线索的编号"),
    "capture_file_id": N_("文件编号"),
    "listing_id": N_("商品信息的编号"),
    "seller_id": N_("卖家的编号"),
    "scan_id": N_("监测任务的编号"),
    "campaign_id": N_("行动的编号"),
    "if-match": N_("读取线索时的 ETag"),
    "idempotency-key": N_("请求的标识，至多 100 个可见字符；原样重发的只执行一次"),
}
_FORM: Mapping[str, str] = {
    "source": N_("线索来源，不能是定向监测"),
    "text": N_("链接或分享文字"),
    "note": N_("备注"),
    "screenshot": N_("截图：PNG、JPEG、WebP"),
    "saved_page": N_("保存的网页：HTML、MHTML、JSON"),
}
#: What the refusals mean, by status.
_REFUSALS: Mapping[int, str] = {
    400: N_("请求格式不对，或令牌写在地址里"),
    401: N_("没有带令牌，或令牌无效"),
    403: N_("账号的角色或令牌的权限不够"),
    404: N_("没有这个记录，或者不在账号的辖区内"),
    409: N_("线索有变化，他人正在核查，或已有结论"),
    412: N_("If-Match 的版本已过时"),
    413: N_("提交的内容过大"),
    422: N_("参数或内容不符合说明，errors 逐项写明"),
    428: N_("没有写明所依据的版本"),
    429: N_("过于频繁，Retry-After 为须等待的秒数"),
}


class Wrong(BaseModel):
    """One thing that is not as it should be."""

    at: str = said(N_("位置"), "query.limit")
    why: str = said(N_("原因"), recorded("不大于 200"))


class Problem(BaseModel):
    """How every refusal is told (RFC 9457); what makes it stands in `problems`."""

    type: str = said(N_("问题的名称"), TYPE + VersionStale.code)
    title: str = said(N_("出了什么问题"), recorded("线索在您读取之后有变化，没有执行。"))
    status: int = said(N_("与响应状态相同"), 412)
    detail: str = said(N_("此次的具体情况；没有的为空"), recorded("核查中　小件"))
    code: str = said(N_("错误代码"), VersionStale.code)
    remedy: str = said(N_("怎么办"), recorded("请重新读取该线索再决定。"))
    errors: list[Wrong] = said(N_("422 时逐项的位置和原因"), [], default=[])
    error_id: str = said(N_("500 时的错误编号"), "9f2c01ab", default="")


def described(app: FastAPI) -> dict[str, Any]:
    """The document in the language of the request; made once a language."""
    made: dict[str, dict[str, Any]] = getattr(app.state, "api_described", {})
    spoken = language.spoken()
    if spoken not in made:
        app.state.api_described = made = {**made, spoken: _in_words(_document(app))}
    return made[spoken]


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """What a value of that schema looks like, put together from the examples of its fields."""
    examples = schema.get("examples")
    inner = schema.get("items") if schema.get("type") == "array" else None
    if examples and examples[0] not in ([], None):
        return examples[0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if inner is not None:
        return [example_of(inner, schemas)] if "$ref" in inner else []
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return example_of(one, schemas)
    if "properties" not in schema:
        return examples[0] if examples else None
    return {name: example_of(one, schemas) for name, one in schema["properties"].items()}


def _document(app: FastAPI) -> dict[str, Any]:
    """In Chinese, as the sources have it."""
    contexts = [one for one in iter_route_contexts(app.routes) if one.path and is_api(one.path)]
    made = get_openapi(title=_TITLE, version=VERSION, description=_ABOUT, routes=contexts)
    schemas = made["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schemas["Problem"].pop("$defs"))
    for schema in schemas.values():
        schema.pop("description", None)  # for who reads the source
    made["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "xwk", "description": _BEARER}
    }
    for context in contexts:
        for method in context.methods or ():
            _complete(made["paths"][context.path][method.lower()], context, schemas)
    for name, field in schemas.get("Body_intake_api_v1_intake_post", {}).get("properties", {}).items():
        field["description"] = _FORM[name]
    return made


def _complete(operation: dict[str, Any], context: Any, schemas: dict[str, Any]) -> None:
    """Who may, what parameters mean, how it is refused, and an example."""
    asks = asks_of(context)
    operation["operationId"] = context.name
    operation["security"] = [{"token": [str(asks.scope)]}]
    operation["x-scope"], operation["x-roles"] = str(asks.scope), holders(asks.can)
    for parameter in operation.get("parameters", ()):
        parameter["description"] = _PARAMETERS[parameter["name"].lower()]
    responses = operation["responses"]
    responses.pop("422", None)
    for status in _refusals(context.path, operation):
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[str(status)] = {"description": _REFUSALS[status], "content": content}
    for status, response in responses.items():
        if status.startswith("2"):
            response["description"] = N_("成功")
        for content in response.get("content", {}).values():
            if status.startswith("2") and "$ref" in content.get("schema", {}):
                content["example"] = example_of(content["schema"], schemas)


def _refusals(path: str, operation: Mapping[str, Any]) -> Iterator[int]:
    yield from (400, 401, 403)
    if "{" in path:
        yield 404
    if "requestBody" in operation:
        yield from (409, 413)
    if path.endswith("/screening"):
        yield from (412, 428)
    yield from (422, 429)


def _in_words(part: Any, name: str = "") -> Any:
    """The document with its descriptions in the language of the request, and without the titles that pydantic makes."""
    if name in ("example", "examples"):
        return part
    if isinstance(part, dict):
        if name == "properties":
            return {key: _in_words(one) for key, one in part.items()}
        return {key: _in_words(one, key) for key, one in part.items() if not (key == "title" and name != "info")}
    if isinstance(part, list):
        return [word(one) if name in ("tags", "x-roles") else _in_words(one) for one in part]
    return word(part) if name in ("description", "summary", "title") else part
