"""Objects of an S3-compatible bucket: the five things that the store asks of one, through boto3 (the extra `s3`).

Nothing is taken from the environment, from ~/.aws or from a metadata service: what the settings say is all there is. A
body goes out with its MD5, which every such server compares before it says that it has it.
"""

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Final

from evidence.store import EvidenceMissing, StoreFull
from records import Fault

#: What servers say where they have no room: AWS does not, these do.
_FULL: Final = frozenset(
    {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "507"}
)
_GONE: Final = frozenset({"NoSuchKey", "NotFound", "404"})
#: Seconds for a connection, and for a pause in an answer; three tries each, since `receive` waits in a transaction.
_CONNECT, _READ, _TRIES = 5, 20, 3
_BLOCK: Final = 1 << 20


class BucketAway(Fault):
    """证据存储桶不可用，没有写入；已保存的证据未受影响。

    The evidence bucket cannot be used; nothing was written, and what is stored is unharmed.
    """

    code = "E-EVIDENCE-003"
    remedy = (
        "请核对 evidence.bucket 的设置、访问密钥和网络（xunwang doctor）；恢复后重新运行，未完成的部分会自动补采。",
        "Look at evidence.bucket in the settings, its keys and the network, try xunwang doctor, then run again.",
    )


class BucketExtraMissing(Fault):
    """设置了证据存储桶，但没有安装它需要的组件（boto3）。

    An evidence bucket is set, but what it takes (boto3) is not installed.
    """

    code = "E-EVIDENCE-004"
    remedy = (
        "请运行 .venv/bin/uv pip install --python .venv/bin/python --require-hashes -r locks/s3.txt。",
        "Run .venv/bin/uv pip install --python .venv/bin/python --require-hashes -r locks/s3.txt.",
    )
    exit_code = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where the bucket is and who asks."""

    #: Of the server, https://host[:port].
    url: str
    name: str
    #: Begins every key; empty or ending in a slash.
    prefix: str = ""
    region: str = "us-east-1"
    #: File of root certificates, PEM; empty: those that come with the library.
    roots: str = ""
    #: True: https://host/bucket/key; False: https://bucket.host/key.
    by_path: bool = True
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)


class Objects:
    """The objects under the prefix. May be shared by threads."""

    def __init__(self, address: Address) -> None:
        """Connects to nothing yet. Raises BucketExtraMissing."""
        self._address: Final = address
        self._client: Final = _client(address)

    def put(self, key: str, body: bytes | BinaryIO) -> None:
        """Keeps `body`, whole or not at all, in place of what is there. Raises StoreFull, BucketAway."""
        with self._told(key):
            self._client.put_object(**self._named(key), Body=body, ContentMD5=_md5(body))

    def blocks(self, key: str) -> Iterator[bytes]:
        """The object, a block at a time. Raises EvidenceMissing, BucketAway."""
        with self._told(key):
            yield from self._client.get_object(**self._named(key))["Body"].iter_chunks(_BLOCK)

    def written_at(self, key: str) -> datetime | None:
        """When it was last put, by the server's clock; None where it is not there.

        That clock is near ours: a signature fifteen minutes off is refused.
        """
        try:
            with self._told(key):
                at: datetime = self._client.head_object(**self._named(key))["LastModified"]
        except EvidenceMissing:
            return None
        return at

    def delete(self, key: str) -> None:
        """Takes it away."""
        with self._told(key):
            self._client.delete_object(**self._named(key))

    def listed(self) -> Iterator[tuple[str, datetime]]:
        """Every key under the prefix, without it, in order; and when it was last put."""
        start = len(self._address.prefix)
        with self._told(""):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._address.name, Prefix=self._address.prefix):
                for one in page.get("Contents", ()):
                    yield one["Key"][start:], one["LastModified"]

    @property
    def place(self) -> str:
        """For people: server, bucket and prefix."""
        return f"{self._address.url}/{self._address.name}/{self._address.prefix}"

    def _named(self, key: str) -> dict[str, str]:
        return {"Bucket": self._address.name, "Key": f"{self._address.prefix}{key}"}

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """What went wrong with the server, as a Fault; its words, never the keys."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            said = error.response.get("Error", {})
            status = str(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
            if said.get("Code") in _GONE:
                raise EvidenceMissing(key) from error
            told = f"{self.place}：{status} {said.get('Code', '')} {said.get('Message', '')}".strip()
            raise StoreFull(told) if {said.get("Code"), status} & _FULL else BucketAway(told) from error
        except (BotoCoreError, OSError) as error:
            raise BucketAway(f"{self.place}：{type(error).__name__}") from error


def _client(address: Address) -> Any:
    try:
        import botocore.session
        from boto3.session import Session
        from botocore.config import Config
    except ModuleNotFoundError as missing:
        raise BucketExtraMissing(missing.name or "") from missing
    session = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    for name in ("config_file", "credentials_file"):
        session.set_config_variable(name, os.devnull)
    config = Config(
        signature_version="s3v4",
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        retries={"mode": "standard", "total_max_attempts": _TRIES},
        s3={"addressing_style": "path" if address.by_path else "virtual"},
        proxies={},
        # only AWS knows the newer checksums; the MD5 above is known to all
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return Session(botocore_session=session).client(
        "s3",
        endpoint_url=address.url,
        region_name=address.region,
        aws_access_key_id=address.access_key,
        aws_secret_access_key=address.secret_key,
        verify=address.roots or True,
        config=config,
    )


def _md5(body: bytes | BinaryIO) -> str:
    """As the header has it; a file is read from its beginning and left there."""
    if isinstance(body, bytes):
        digest = hashlib.md5(body, usedforsecurity=False)
    else:
        digest = hashlib.md5(usedforsecurity=False)
        body.seek(0)
        while block := body.read(_BLOCK):
            digest.update(block)
        body.seek(0)
    return base64.b64encode(digest.digest()).decode()
