"""What can be set of the evidence store and of packages; read by ops/settings.py."""

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from egress import names_inside


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bucket(_Part):
    """An S3-compatible bucket that holds the evidence files in place of the data folder; it takes the extra `s3`."""

    #: Address of the server, https://host[:port]; http:// for this machine and internal addresses alone. Empty: none.
    url: str = Field(default="", pattern=r"^$|^https?://[^/?#]+$")
    name: str = Field(default="", pattern=r"^$|^[a-z0-9][a-z0-9.-]{2,62}$")
    #: Begins every key; empty, or ending in a slash.
    prefix: str = Field(default="", pattern=r"^$|^[A-Za-z0-9._/-]{1,200}/$")
    region: str = "us-east-1"
    #: File of the root certificates of the server, PEM; empty: those of the public web.
    roots: str = ""
    #: True: https://host/bucket/…; False: https://bucket.host/….
    by_path: bool = True
    #: Secrets, from the environment alone: XUNWANG_EVIDENCE__BUCKET__ACCESS_KEY and …__SECRET_KEY.
    access_key: str = Field(default="", repr=False)
    secret_key: str = Field(default="", repr=False)

    @model_validator(mode="after")
    def _whole(self) -> "Bucket":
        if self.url and not (self.name and self.access_key and self.secret_key):
            raise ValueError(
                "设置了 url，还须有 name，以及环境变量 XUNWANG_EVIDENCE__BUCKET__ACCESS_KEY、"
                "XUNWANG_EVIDENCE__BUCKET__SECRET_KEY"
            )
        if self.url.startswith("http://") and not names_inside(urlsplit(self.url).hostname or ""):
            raise ValueError("url 须为 https://；只有本机和内部网络的地址可以用 http://")
        return self


class Evidence(_Part):
    """Where the store is, what it may hold, and what evidence packages are given besides their signature."""

    #: GiB that the evidence files may take up; 0: as many as the disk has.
    quota_gib: int = Field(default=0, ge=0)

    #: Addresses of time-stamping authorities (RFC 3161), asked one after the other.
    tsa: tuple[str, ...] = ()
    #: File of their root certificates, PEM; empty: tokens are taken without their signer being checked.
    tsa_roots: str = ""
    #: Hosts of authorities that stand in the unit's own network; every other must be public.
    internal_hosts: tuple[str, ...] = ()
    #: The unit's public address on the internet, as an attended extraction names it; no machine knows its own.
    exit_address: str = ""
    bucket: Bucket = Bucket()


def check_secrets(file: Path | None) -> None:
    """Raises ValueError where the file has the bucket's keys: files are copied, shown and kept in backups."""
    written = tomllib.loads(file.read_text("utf-8")) if file else {}
    bucket = written.get("evidence", {}).get("bucket", {})
    if named := [name for name in ("access_key", "secret_key") if bucket.get(name)]:
        variable = f"XUNWANG_EVIDENCE__BUCKET__{named[0].upper()}"
        raise ValueError(f"evidence.bucket.{named[0]}：密钥只能由环境变量 {variable} 给出，不写在文件里")
