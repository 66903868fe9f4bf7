"""A console on a database of its own, a clock that the test holds, and a browser client that signs in as people do."""

import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine

from console import ROLES, Desk, Submission, add_user, create_app
from console.accounts import Ticket, open_session
from console.door import Cookies
from console.tokens import make, scopes_of
from db import users
from db.engine import connect, parse, transaction
from evidence import Store
from tests.conftest import copied_database
from tests.console import seed

with warnings.catch_warnings():
    # starlette would rather have another HTTP client than the one that is in the lock
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8000"
PASSWORD = "七点半-在滕州-喝羊汤-2026"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Clock:
    """Time as the test wants it."""

    at: datetime = seed.MORNING

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **parts: float) -> None:
        self.at += timedelta(**parts)


@dataclass
class Intake:
    """Remembers what was handed in."""

    taken: list[Submission] = field(default_factory=list)
    answer: list[int] = field(default_factory=list)

    def __call__(self, submission: Submission) -> list[int]:
        self.taken.append(submission)
        return self.answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def intake() -> Intake:
    return Intake()


@dataclass(frozen=True, kw_only=True, slots=True)
class Furnished:
    """A database with the sample leads, the files that its rows name, and the leads in the order written."""

    database: str
    files: Path
    leads: list[int]


@pytest.fixture(scope="session")
def furnished(server_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """Written once for all the tests that ask for `leads`: each gets a copy."""
    store = Store(tmp_path_factory.mktemp("furnished") / "evidence")
    with copied_database(server_url, migrated_template) as url:
        engine = connect(url)
        with transaction(engine) as conn:
            seed.districts(conn)
            made = _sample_leads(conn, store)
        engine.dispose()  # a database in use cannot be copied
        yield Furnished(database=parse(url).database or "", files=store.root, leads=made)


def _sample_leads(conn: Connection, store: Store) -> list[int]:
    campaign_id = seed.campaign(conn)
    made = [seed.lead(conn, store, plant, campaign_id, serial=number) for number, plant in enumerate(seed.SAMPLES)]
    outcomes = {
        "demo_ads": ["searched"] * 5,
        "demo_goods": ["searched"] * 3 + ["empty"],
        "demo_shop": ["searched"],
    }
    seed.scan(conn, outcomes=outcomes)
    return made


@pytest.fixture
def copied(request: pytest.FixtureRequest) -> Furnished | None:
    """What this test's database and store are copied from; None: empty ones will do."""
    return request.getfixturevalue("furnished") if "leads" in request.fixturenames else None


@pytest.fixture
def database_url(server_url: str, migrated_template: str, copied: Furnished | None) -> Iterator[str]:
    """URL of a new database of this test's own, with the sample leads where it asks for them."""
    with copied_database(server_url, copied.database if copied else migrated_template) as url:
        yield url


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, clock: Clock, intake: Intake, copied: Furnished | None) -> Desk:
    if copied:
        shutil.copytree(copied.files, tmp_path / "evidence")
    else:
        with transaction(engine) as conn:
            seed.districts(conn)
    return Desk(
        engine=engine,
        store=Store(tmp_path / "evidence"),
        intake=intake,
        base_url=BASE,
        platforms=seed.PLATFORMS,
        categories=seed.CATEGORIES,
        law=seed.law,
        now=clock,
    )


@dataclass
class Browser:
    """One browser: cookies, and the token that its pages carry."""

    http: TestClient
    token: str = ""
    address: str = "203.0.113.9"
    #: Makes a token with all scopes that the account may give to one.
    mint: Callable[[], str] = lambda: ""
    #: The first one that it made; empty while nobody has called.
    bearer: str = ""

    def call(self, method: str, path: str, *, bearer: str | None = None, headers: dict | None = None, **more):
        """As another system asks: with a token, and nothing that a browser brings."""
        if bearer is None:
            bearer = self.bearer = self.bearer or self.mint()
        where = {"base_url": str(self.http.base_url), "client": (self.address, 50000)}
        client = TestClient(self.http.app, raise_server_exceptions=False, **where)
        sent = {"Authorization": f"Bearer {bearer}", **(headers or {})}
        return client.request(method, path, headers=sent, follow_redirects=False, **more)

    def get(self, path: str, **more):
        return self.http.get(path, follow_redirects=False, **more)

    def post(self, path: str, data: dict | None = None, *, token: str | None = None, **more):
        sent = {"csrf_token": self.token if token is None else token, **(data or {})}
        headers = {"Origin": BASE, **more.pop("headers", {})}
        return self.http.post(path, data=sent, headers=headers, follow_redirects=False, **more)

    def key(self, path: str, data: dict | None = None, **more):
        """A post as htmx sends it."""
        headers = {"Origin": BASE, "HX-Request": "true", "X-CSRF-Token": self.token}
        return self.http.post(path, data=data or {}, headers=headers, follow_redirects=False, **more)

    def holding(self, ticket: Ticket, *, tls: bool = False) -> "Browser":
        """This browser, with a session that was begun for it."""
        self.http.cookies.set(Cookies(tls=tls, demo=False).session, ticket.cookie)
        self.token = ticket.visitor.session.csrf_token
        return self

    def sign_in(self, name: str, password: str, target: str = "/"):
        form = self.get("/login")
        answer = self.post("/login", {"name": name, "password": password, "next": target}, token=token_in(form.text))
        if answer.status_code == 303:
            self.token = token_in(self.get("/password").text)
        return answer


@cache
def password_hash() -> str:
    """Of PASSWORD, made once."""
    return PasswordHasher().hash(PASSWORD)


def token_in(html: str) -> str:
    return TOKEN.search(html).group(1)


@pytest.fixture
def browser(desk: Desk) -> Callable[..., Browser]:
    """Makes browsers on one console; `browser(demo=True)` on one with another desk."""

    def open_one(*, address: str = "203.0.113.9", **changes: object) -> Browser:
        app = create_app(replace(desk, **changes))
        base = changes.get("base_url", BASE)
        client = TestClient(app, base_url=base, client=(address, 50000), raise_server_exceptions=False)
        return Browser(http=client, address=address)

    return open_one


def minting(desk: Desk, user_id: int, scopes: tuple[str, ...] | None = None) -> Callable[[], str]:
    """Makes tokens of that account, with all scopes that it may give where none are named."""

    def mint() -> str:
        with transaction(desk.engine) as conn:
            user = users.by_id(conn, user_id)
            given = scopes or scopes_of(user.role)
            return make(conn, user, name="试验", scopes=given, days=90, actor="test", at=desk.now())[1]

    return mint


@pytest.fixture
def account(desk: Desk, clock: Clock, browser, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Browser]:
    """Makes an account whose password is PASSWORD and returns a browser with a session of it.

    How people come in by the door is for the tests of the door: four more hashes an account were a minute of the run.
    """

    def make(name: str = "wang", role: str = "inspector", district: str = "", **more) -> Browser:
        assert role in ROLES
        with transaction(desk.engine) as conn:
            with monkeypatch.context() as patched:
                patched.setattr("console.staff.hashed", lambda _: "!")  # the one-time password that nobody reads
                add_user(conn, name=name, role=role, full_name="王某", district=district, actor="test", at=clock())
            user = users.find(conn, name)[0]
            users.set_password(conn, user.id, password_hash(), must_change=False)
            ticket = open_session(conn, users.by_id(conn, user.id), clock())
        opened = browser(**more).holding(ticket, tls=bool(more.get("tls")))
        opened.mint = minting(desk, user.id)
        return opened

    return make


@pytest.fixture
def seat(desk: Desk, clock: Clock, browser) -> Callable[..., Browser]:
    """Makes an account and a browser with a session of it: without the three hashes that signing in takes."""

    def make(name: str, role: str, district: str | None = None, **more) -> Browser:
        with transaction(desk.engine) as conn:
            facts = {"name": name, "full_name": "王某", "role": role, "district": district}
            user_id = users.add(conn, password_hash="!", at=clock(), **facts)
            users.set_password(conn, user_id, "!", must_change=False)
            ticket = open_session(conn, users.by_id(conn, user_id), clock())
        opened = browser(**more).holding(ticket)
        opened.mint = minting(desk, user_id)
        return opened

    return make


@pytest.fixture
def leads(desk: Desk, furnished: Furnished) -> list[int]:
    """The sample leads, in the order written."""
    return list(furnished.leads)
