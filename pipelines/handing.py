"""Evidence that leaves the house: packages of leads copied to a folder, each with the time-stamps it has by now."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db import audit, custody, packages
from db.custody import Handling
from db.engine import Engine, transaction
from db.packages import Issued
from evidence import Store
from evidence.package import FileAltered
from evidence.stamping import add_tokens
from records import Fault


class NothingIssued(Fault):
    """没有可导出的证据包。

    There is no package to export.
    """

    code = "E-PIPELINES-032"
    remedy = (
        "请先用 xunwang evidence package 制作，或放宽日期。",
        "Make packages first with `xunwang evidence package`, or widen the dates.",
    )
    exit_code = 4


class FileTaken(Fault):
    """要写的文件已经存在或写不进去，没有覆盖。

    The file to be written exists already or cannot be written; nothing was overwritten.
    """

    code = "E-PIPELINES-033"
    remedy = ("请换一个文件夹（--out），或先移走原文件。", "Choose another folder (--out) or move that file away.")
    exit_code = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What goes out, by whom and to whom."""

    folder: Path
    by: str
    at: datetime
    #: Who receives it; empty: an export that stays in the house.
    to: str = ""
    #: Number or reason of the hand-over.
    basis: str = ""


def hand_over(engine: Engine, store: Store, issued: Sequence[Issued], order: Order) -> Iterator[Path]:
    """Writes each package to the folder and yields its path; a row of custody for each is there before its file.

    Raises NothingIssued, FileTaken, FileAltered.
    """
    if not issued:
        raise NothingIssued
    for one in issued:
        with transaction(engine) as conn:
            tokens = [store.get(sha256) for sha256 in packages.stamps(conn, one.id)]
        with _drafted(store, one, tokens, order.folder / f"{one.number}.zip") as (draft, path):
            _record(engine, one, order)
            _publish(draft, path)
        yield path


def copy_out(store: Store, issued: Issued, path: Path) -> Path:
    """A copy of a package as it was issued, at `path`: whole or not at all. Raises FileTaken, FileAltered."""
    with _drafted(store, issued, [], path) as (draft, _):
        _publish(draft, path)
    return path


@contextmanager
def _drafted(store: Store, issued: Issued, tokens: Sequence[bytes], path: Path) -> Iterator[tuple[Path, Path]]:
    """The package under a name of no account beside `path`, gone at the end of the block; and `path`."""
    if not store.check(issued.sha256):
        raise FileAltered(f"{issued.number}（{issued.sha256}）")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileTaken(f"{path.parent}：{error.strerror}") from error
    try:
        if path.exists():
            raise FileTaken(str(path))
        with draft.open("x+b") as file:
            if tokens:
                add_tokens(store.path(issued.sha256), tokens, file)
            else:
                with store.path(issued.sha256).open("rb") as kept:
                    shutil.copyfileobj(kept, file)
            file.flush()
            os.fsync(file.fileno())
        yield draft, path
    except OSError as error:
        raise FileTaken(f"{path}：{error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    """Gives the draft its name; refuses where something stands there by now."""
    try:
        os.link(draft, path)
    except FileExistsError as taken:
        raise FileTaken(str(path)) from taken


def _record(engine: Engine, issued: Issued, order: Order) -> None:
    handling = Handling.HAND_OVER if order.to else Handling.EXPORT
    detail = {"number": issued.number, "sha256": issued.sha256, "to": order.to, "basis": order.basis}
    with transaction(engine) as conn:
        head = custody.record(
            conn, actor=order.by, handling=handling, lead_id=issued.lead_id, detail=detail, at=order.at
        )
        detail |= {"custody": f"{head.seq}:{head.hash}"}
        action = "evidence.hand_over" if order.to else "evidence.export"
        subject = custody.subject(issued.lead_id)
        audit.record(conn, actor=order.by, action=action, subject=subject, detail=detail, at=order.at)
