"""Every form of the console as a table: its text fields, what it takes, what is stored of it, where that is shown."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.console import filling
from tests.console.conftest import Browser
from tests.console.filling import Ground, in_browser, in_one_line, sent
from tests.console.test_verdicts import sql

Pages = Iterator[tuple[Browser, str]]


def audited(on: Ground) -> Pages:
    """Everything of the audit, a hundred rows a page."""
    [(rows,)] = sql(on.engine, "select max(seq) from audit")
    yield from ((on.auditor, f"/settings/audit?before={before}") for before in range(rows + 1, 0, -100))


def of_leads(on: Ground) -> Pages:
    yield from ((on.head, f"/leads/{lead}") for lead in on.leads)


def of_views(on: Ground) -> Pages:
    yield from ((person, "/review?district=*") for person in on.people)


def of_extractions(on: Ground) -> Pages:
    yield from ((on.head, f"/extractions/{row.id}") for row in sql(on.engine, "select id from extractions"))


def at(*paths: str, who: str = "head") -> Callable[[Ground], Pages]:
    return lambda on: iter([(getattr(on, who), path) for path in paths])


@dataclass(frozen=True, kw_only=True)
class Form:
    """The text fields of a form that get the same text at once."""

    #: template:name.
    fields: tuple[str, ...]
    send: Callable[[Ground, str], Any]
    #: Columns of the row that came last: what is stored of the text, once for each field or more.
    kept: str
    #: Characters of it that are taken; anything else is refused, and nothing kept.
    least: int = 1
    most: int
    #: Where the refusal says how long it may be, or what else is wanted.
    refused: str = ""
    #: Another form than a length: takes(what was typed).
    takes: Callable[[str], bool] | None = None
    #: What is kept of what was typed.
    as_kept: Callable[[str], str] = in_one_line
    #: Pages on which everything that is kept can be read; of the last `shown` alone, where it is not 0.
    pages: Callable[[Ground], Pages] = audited
    shown: int = 0
    #: What a form that is taken is answered with, and one that is not.
    statuses: tuple[int, ...] = (200, 303)
    refusals: tuple[int, ...] = (400,)
    #: The column of 线索清单 that has it, and what stands before it there.
    column: str = ""
    before: str = ""

    def some(self, given: int) -> int:
        """So many of that many are taken at the least; where few have the form that is wanted, none."""
        return 0 if self.takes else given // 5

    def wanted(self, typed: str) -> str | None:
        """What is to be kept; None where it is to be refused."""
        kept = self.as_kept(typed)
        taken = self.takes(typed) if self.takes else self.least <= len(kept) <= self.most
        return kept if taken else None


def _stripped(typed: str) -> str:
    return sent(typed).strip()


def _plain_word(typed: str) -> bool:
    return 1 <= len(_stripped(typed)) <= 40 and _stripped(typed).isprintable()


def _districts(typed: str) -> bool:
    lines = [line.split() for line in f"370481 {sent(typed)}".splitlines() if line.strip()]
    words = lines[0][1:]
    return len(lines) == 1 and len(words) > 0 and all(len(one) <= 40 and one.isprintable() for one in words)


def _after_other(column: str, of: str) -> str:
    """What stands behind 其他 and a colon."""
    return f"select substr({column}, {4 if of == '：' else 5}) from {{}} order by id desc limit 1"


CLAUSES = _after_other("reason", "：")
_VERDICT = (
    "select identity->>'name', identity->>'basis', citations[cardinality(citations)], change, note from verdicts"
    " order by id desc limit 1"
)
_EXTRACTION = (
    "select basis, case_number, place, officers->0->>'badge', officers->0->>'unit', officers->1->>'unit',"
    " substr(officers->1->>'badge', 3), witness->>'name', witness->>'told',"
    " (select detail->>'why' from extraction_steps where extraction_id = e.id order by seq desc limit 1)"
    " from extractions e order by id desc limit 1"
)
_AUDIT = "select detail->>'{}' from audit where action like '{}' order by seq desc limit 1"
_WHY = {"most": 100, "refused": "100 个字"}

FORMS = {
    "view": Form(
        fields=("filter_form.html:name",),
        send=filling.save_view,
        kept="select name from saved_views where name = :wanted limit 1",  # one of the same name is replaced
        most=20,
        refused="请写 1–20 个字",
        pages=of_views,
    ),
    "note": Form(
        fields=("remarks.html:text",),
        send=filling.note,
        kept="select text from lead_notes order by id desc limit 1",
        most=500,
        refused="请写 1–500 个字",
        pages=of_leads,
    ),
    "dismiss": Form(
        fields=("focus.html:other-text",),
        send=filling.dismiss,
        kept=CLAUSES.format("screenings"),
        most=60,
        refused="至多 60 字",
        column="排除原因",
        before="其他：",
    ),
    "dismiss_many": Form(
        fields=("bulk_table.html:bulk-note",),
        send=filling.dismiss_many,
        kept=CLAUSES.format("screenings"),
        most=60,
        refused="至多 60 字",
        column="排除原因",
        before="其他：",
    ),
    "second": Form(
        fields=("second.html:note",),
        send=filling.second_look,
        kept=CLAUSES.format("second_looks"),
        most=60,
        refused="至多 60 字",
    ),
    "unmask": Form(
        fields=("lead.html:why",),
        send=filling.unmask,
        kept=_after_other("reason", ": ").format("unmaskings"),
        **_WHY,
    ),
    "hold": Form(
        fields=("lead.html:hold_why",),
        send=filling.hold,
        kept="select reason from holds order by id desc limit 1",
        pages=of_leads,
        **_WHY,
    ),
    "lift": Form(
        fields=("retention.html:why",),
        send=filling.lift,
        kept="select lifted_why from holds order by id desc limit 1",
        **_WHY,
    ),
    "print": Form(
        fields=("print.html:reason",),
        send=filling.print_out,
        kept=_AUDIT.format("reason", "lead.unmask"),
        least=4,
        **_WHY,
    ),
    "export": Form(
        fields=("exports.html:why",), send=filling.export, kept=_AUDIT.format("why", "lead.export%"), least=4, **_WHY
    ),
    "licence": Form(
        fields=tuple(f"licence_table.html:{name}" for name in ("number", "note")),
        send=filling.licence,
        kept="select number, note from licence_checks where number <> '' order by id desc limit 1",
        most=300,
        refused="请填写编号",
        pages=of_leads,
    ),
    "verdict": Form(
        fields=tuple(
            f"verdict.html:{name}" for name in ("subject_name", "identity_basis", "citation_own", "words", "change")
        ),
        send=filling.conclusion,
        kept=_VERDICT,
        most=300,
        refused="主体身份",
        pages=of_leads,
    ),
    # a 统一社会信用代码 with its check digit, or none: of a thousand strings only those of which nothing is left
    "credit_code": Form(
        fields=("verdict.html:subject_code",),
        send=filling.credit_code,
        kept="select identity->>'code' from verdicts order by id desc limit 1",
        takes=lambda typed: in_one_line(typed) == "",
        most=18,
        refused="统一社会信用代码的校验位不对",
    ),
    "disposition": Form(
        fields=tuple(f"disposition.html:{name}" for name in ("recipient", "reference", "note")),
        send=filling.disposition,
        kept="select recipient, reference, note from dispositions order by id desc limit 1",
        most=300,
        refused="请填写收件单位",
        pages=of_leads,
    ),
    "extraction": Form(
        fields=(
            *(f"extract.html:{name}" for name in ("basis", "case_number", "place", "witness_name", "witness_told")),
            *("extract.html:{{ which }}_badge", "extract.html:{{ which }}_unit", "extraction_work.html:why"),
        ),
        send=filling.extraction,
        kept=_EXTRACTION,
        most=198,  # 200, less what keeps the badge of the second officer from being that of the first
        refused="请填写",
        pages=of_extractions,
    ),
    "why_searched": Form(
        fields=("related.html:why",),
        send=filling.why_searched,
        kept="select why from extra_terms order by id desc limit 1",
        **_WHY,
    ),
    # what stands in the lead's own title or description, of 2 to 30 characters; nothing else may be searched for
    "phrase": Form(
        fields=("related.html:phrase",),
        send=filling.phrase,
        kept="select text from extra_terms where text = :wanted limit 1",
        least=2,
        most=30,
        refused="2–30 个字",
        pages=at("/scans"),
        shown=20,
    ),
    "full_name": Form(
        fields=("people.html:full_name",),
        send=filling.full_name,
        kept="select full_name from users order by id desc limit 1",
        takes=lambda typed: _plain_word(typed) or not _stripped(typed),
        as_kept=_stripped,
        most=40,
        refused="姓名至多 40 字",
        column="初筛人",
        pages=at("/settings/users", who="admin"),
    ),
    # what a person signs in with: small letters, digits, dot, dash, underscore
    "name": Form(
        fields=("people.html:name",),
        send=filling.name,
        kept="select name from users order by id desc limit 1",
        takes=lambda typed: bool(re.fullmatch(r"[a-z][a-z0-9._-]{1,31}", _stripped(typed), re.ASCII)),
        as_kept=_stripped,
        most=32,
        refused="账号名用小写字母开头",
        pages=at("/settings/users", who="admin"),
    ),
    # nobody is called so; what was tried is kept for the back-off of the door and shown to nobody. A name with NUL
    # cannot even be looked for
    "sign_in": Form(
        fields=("login.html:name",),
        send=filling.sign_in,
        kept="select name from login_failures where name = :wanted limit 1",
        takes=lambda typed: "\x00" not in _stripped(typed) and len(_stripped(typed)) <= 256,
        refused="NUL",
        most=256,
        as_kept=_stripped,
        statuses=(401,),
        pages=lambda _on: iter(()),
    ),
    "token": Form(
        fields=("tokens.html:name",),
        send=filling.token,
        kept="select name from api_tokens order by id desc limit 1",
        most=40,
        refused="名称 1–40 字",
        pages=at("/settings/tokens"),
    ),
    "unit": Form(
        fields=tuple(f"setup_unit.html:{name}" for name in ("name", "city", "province")),
        send=filling.unit,
        kept="",
        takes=_plain_word,
        as_kept=_stripped,
        most=40,
        refused="应写 1–40 字",
        pages=at("/setup", who="admin"),
        shown=1,
    ),
    # a line each: code, name and other names
    "districts": Form(
        fields=("setup_unit.html:districts",),
        send=filling.districts,
        kept="",
        takes=_districts,
        as_kept=lambda typed: " ".join(sent(typed).split()),
        most=8000,
        refused="区（市）一行一个",
        pages=at("/setup", who="admin"),
        shown=1,
    ),
    "first_file": Form(
        fields=("setup_lead.html:platform",),
        send=filling.first_file,
        kept="",
        takes=lambda typed: len(in_browser(typed)) <= 40,
        as_kept=lambda typed: in_browser(typed).strip(),
        most=40,
        refused="应写 1–40 字",
        pages=lambda _on: iter(()),
    ),
    "intake": Form(
        fields=("intake.html:text", "intake.html:note"),
        send=filling.brought,
        kept="select note from listings order by id desc limit 1",
        least=0,
        most=2000,
        as_kept=lambda typed: in_browser(typed).strip(),
        pages=lambda _on: iter(()),
    ),
}

#: Asked for and not kept: who asks, the address that the text goes into, and the field that has it again.
SHOWN = {
    "filter_form.html:q": ("head", "/review?district=*&q=", "#search", 80),
    "search.html:q": ("head", "/search?q=", "main [name=q]", 80),
    "audit.html:who": ("auditor", "/settings/audit?who=", "#who", 80),
    "audit.html:subject": ("auditor", "/settings/audit?subject=", "#subject", 80),
}
