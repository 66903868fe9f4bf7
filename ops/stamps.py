"""Time-stamps fetched: one exchange with an authority, by the same egress rule as the alerts."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import structlog
from cryptography.x509 import Certificate

from db import custody, packages
from db.custody import Handling
from db.engine import transaction
from egress.dialling import InternalAddress, dial
from evidence.manifest import MANIFEST
from evidence.package import manifest_hash
from evidence.stamping import (
    LONGEST_TOKEN,
    QUERY_TYPE,
    REPLY_TYPE,
    Stamp,
    TokenRefused,
    add_tokens,
    ask,
    check_answer,
)
from evidence.strange_zip import StrangeZip
from evidence.verifying import verify
from ops.house import House
from records import Fault, now

log = structlog.get_logger(__name__)

#: Seconds for one exchange, and how often one is tried.
_PATIENCE: Final = 10.0
_TRIES: Final = 2

#: Address and body out, body in. Raises TokenRefused.
Exchange = Callable[[str, bytes], bytes]


class NotAsSigned(Fault):
    """证据包与签名时不一致，没有加时间戳。

    The package is not as it was signed; it was not stamped.
    """

    code = "E-OPS-082"
    remedy = (
        "请用 xunwang evidence verify 查看改动了什么，并从证据库重新导出原件（xunwang evidence export）。",
        "See `xunwang evidence verify` for what was changed, and export the original again (`evidence export`).",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamped:
    """What asking the authorities for one package brought."""

    #: Address and stamp of each that answered well.
    stamps: tuple[tuple[str, Stamp], ...]
    #: Address and reason of each that did not.
    failed: tuple[tuple[str, str], ...]
    #: True where this house knows the package and has written the stamps down.
    recorded: bool


def stamp(
    path: Path, addresses: Sequence[str], roots: Sequence[Certificate], exchange: Exchange, house: House | None, by: str
) -> Stamped:
    """Adds a token of each authority to the package at `path`, which is replaced whole or not at all.

    Nothing of what is signed changes. Raises NotAsSigned, ZipRefused.
    """
    if verify(path).findings:
        raise NotAsSigned(path.name)
    with StrangeZip(path) as package:
        manifest = b"".join(package.blocks(MANIFEST))
    got: list[tuple[str, bytes, Stamp]] = []
    failed = []
    for address in addresses:
        try:
            token, told = _fetch(address, manifest, roots, exchange)
        except TokenRefused as refused:
            failed.append((address, refused.detail))
        else:
            got.append((address, token, told))
    if got:
        _replace(path, [token for _, token, _ in got])
    recorded = bool(got) and house is not None and _record(house, manifest, got, by)
    return Stamped(stamps=tuple((a, told) for a, _, told in got), failed=tuple(failed), recorded=recorded)


def exchanging(internal: Sequence[str]) -> Exchange:
    """An exchange over HTTP; hosts of `internal` may stand in the unit's own network, all others must be public."""

    def exchange(address: str, body: bytes) -> bytes:
        try:
            return _post(address, body, frozenset(host.lower() for host in internal))
        except (OSError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise TokenRefused(f"没有取得应答（{type(error).__name__}）") from error

    return exchange


def _fetch(address: str, manifest: bytes, roots: Sequence[Certificate], exchange: Exchange) -> tuple[bytes, Stamp]:
    """A token and what it says; tried twice, each time with a nonce of its own. Raises the last TokenRefused."""
    for tries in range(1, _TRIES + 1):
        request = ask(manifest)
        try:
            answer = exchange(address, request.as_bytes())
            return answer, check_answer(request, answer, manifest, roots)
        except TokenRefused:
            if tries == _TRIES:
                raise
    raise TokenRefused


def _post(address: str, body: bytes, internal: frozenset[str]) -> bytes:
    """The answer's body. No redirect is followed and no environment variable obeyed."""
    url = httpx.URL(address)
    if url.scheme not in ("http", "https") or url.userinfo or not url.host:
        raise TokenRefused("时间戳服务的地址须为 http 或 https，不含账号")
    try:
        found = dial(url.host, url.port or {"http": 80, "https": 443}[url.scheme], internal=internal)
    except InternalAddress as inside:
        log.warning("egress_refused", host=url.host, port=url.port, detail=str(inside))
        raise TokenRefused("主机在内部网络中，未经声明（evidence.internal_hosts），没有发送") from None
    headers = {"Host": url.netloc.decode("ascii"), "Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE}
    limit = dict.fromkeys(("connect", "read", "write", "pool"), _PATIENCE)
    extensions = {"timeout": limit, "sni_hostname": url.host}
    request = httpx.Request("POST", url.copy_with(host=found), content=body, headers=headers, extensions=extensions)
    deadline = time.monotonic() + _PATIENCE
    with httpx.HTTPTransport(trust_env=False) as transport:
        response = transport.handle_request(request)
        answer = b""
        for piece in response.iter_bytes():
            answer += piece
            if len(answer) > LONGEST_TOKEN or time.monotonic() > deadline:
                raise TokenRefused("应答过长或过慢")
    if response.status_code != 200:
        raise TokenRefused(f"HTTP {response.status_code}")
    return answer


def _replace(path: Path, tokens: Sequence[bytes]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("x+b") as file:
            add_tokens(path, tokens, file)
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _record(house: House, manifest: bytes, got: Sequence[tuple[str, bytes, Stamp]], by: str) -> bool:
    """Keeps the tokens and writes them down where the package is one of this house; False where it is not."""
    kept = [(address, house.store.put(token), told) for address, token, told in got]
    with transaction(house.engine) as conn:
        known = packages.issued(conn, manifest=manifest_hash(manifest))
        for one in known:
            for address, file, told in kept:
                packages.keep_file(conn, file.sha256, file.size, REPLY_TYPE, now())
                packages.stamp(conn, one.id, sha256=file.sha256, tsa=address, stamped_at=told.at, at=now())
            detail = {"number": one.number, "tsa": [address for address, _, _ in kept]}
            custody.record(conn, actor=by, handling=Handling.STAMP, lead_id=one.lead_id, detail=detail, at=now())
    return bool(known)
