"""The refresh of Tableau's extracts, against a stand-in that speaks as much of its REST API as that takes.

What needs tableauserverclient, which is installed with `make bi`, is marked slow.
"""

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from retail import tableau
from retail.errors import UserError

ENVELOPE = '<?xml version="1.0"?><tsResponse xmlns="http://tableau.com/api">{}</tsResponse>'
SIGNED_IN = '<credentials token="session"><site id="site-1" contentUrl="shop"/><user id="user-1"/></credentials>'
SERVER = (
    '<serverInfo><productVersion build="1">2024.2</productVersion><restApiVersion>3.23</restApiVersion></serverInfo>'
)
SECRET = "not-to-be-seen"


@dataclass
class Server:
    """A server that signs in the token of the tests and refreshes what it knows; what it was asked."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    known: tuple[str, ...] = ("sales", "stock")

    def answer(self, method: str, path: str, body: str, token: str | None) -> tuple[int, str]:
        """Status and content of an answer."""
        # /api/3.23/…
        where = "/".join(path.split("/")[3:])
        self.asked.append(f"{method} {where}")
        if where == "serverInfo":
            return 200, SERVER
        if where == "auth/signin":
            if f'personalAccessTokenSecret="{SECRET}"' not in body or 'contentUrl="shop"' not in body:
                return 401, '<error code="401001"><summary>Signin Error</summary><detail>wrong</detail></error>'
            return 200, SIGNED_IN
        if token != "session":
            return 401, '<error code="401002"><summary>Unauthorized</summary><detail>no</detail></error>'
        if where == "auth/signout":
            return 204, ""
        what, verb = where.split("/")[3:]
        if verb != "refresh" or what not in self.known:
            return 404, '<error code="404004"><summary>Resource Not Found</summary><detail>no</detail></error>'
        return 202, f'<job id="job-{what}" mode="Asynchronous" type="RefreshExtract" createdAt="2024-01-01T00:00:00Z"/>'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    stand_in = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, content = stand_in.answer(self.command, self.path, body, self.headers.get("X-Tableau-Auth"))
            data = ENVELOPE.format(content).encode() if content else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stand_in.url = f"http://127.0.0.1:{running.server_address[1]}"
    for name, value in {
        "URL": stand_in.url,
        "SITE": "shop",
        "TOKEN_NAME": "night",
        "TOKEN_SECRET": SECRET,
        "DATASOURCES": "sales, stock",
        "WORKBOOKS": "",
    }.items():
        monkeypatch.setenv(f"RETAIL_TABLEAU_{name}", value)
    try:
        yield stand_in
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@pytest.mark.slow
def test_what_is_named_is_refreshed_and_the_session_ended(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert tableau.run(0) == 0
    refreshes = [asked for asked in server.asked if asked.endswith("/refresh")]
    assert refreshes == [f"POST sites/site-1/datasources/{each}/refresh" for each in ("sales", "stock")]
    assert server.asked[-1] == "POST auth/signout"
    assert "Tableau refreshes 2 extracts: jobs job-sales, job-stock" in capsys.readouterr().out


@pytest.mark.slow
def test_a_workbook_is_refreshed_too(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_TABLEAU_DATASOURCES", "")
    monkeypatch.setenv("RETAIL_TABLEAU_WORKBOOKS", "sales")
    assert tableau.run(0) == 0
    assert "POST sites/site-1/workbooks/sales/refresh" in server.asked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"TOKEN_SECRET": "wrong-secret"}, "refuses the sign-in: 401001 Signin Error"),
        ({"DATASOURCES": "sales,gone"}, "refuses the refresh of gone: 404004 Resource Not Found"),
        ({"URL": "http://127.0.0.1:9"}, "cannot be reached for the sign-in: ConnectionError"),
        ({"TOKEN_NAME": ""}, "RETAIL_TABLEAU_URL is set, but not RETAIL_TABLEAU_TOKEN_NAME"),
        ({"DATASOURCES": ""}, "but not RETAIL_TABLEAU_DATASOURCES or RETAIL_TABLEAU_WORKBOOKS"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_without_the_secret(
    server: Server, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"RETAIL_TABLEAU_{name}", value)
    with pytest.raises(UserError) as raised:
        tableau.run(0)
    assert says in str(raised.value) and "\n" not in str(raised.value)
    assert SECRET not in str(raised.value) and "wrong-secret" not in str(raised.value)


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tableauserverclient", None)
    with pytest.raises(UserError, match="not installed, which RETAIL_TABLEAU_URL needs: `make bi`"):
        tableau.refresh(tableau.Settings("http://127.0.0.1:9", "", "night", SECRET, ("sales",), ()))


def test_where_no_server_is_named_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETAIL_TABLEAU_URL", raising=False)
    assert tableau.run(0) == 0
