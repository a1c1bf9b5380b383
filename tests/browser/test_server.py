"""The local server: who gets in, what they get, and what is left behind."""

from __future__ import annotations

import http.client
import subprocess
import time

import pytest

from . import reading

pytestmark = pytest.mark.browser


def ask(server, path: str, token: bool = False) -> tuple[int, dict, bytes]:
    """One plain request, without cookies: status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    if token:
        connection.putheader("Authorization", f"token {server.token}")
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def test_one_line_says_where_the_book_is(server):
    """The address with the token, and nothing else."""
    assert server.line == f"Open {server.address}?token={server.token}  (Ctrl-C stops the server)\n"


@pytest.mark.parametrize("path", ["/book/", "/book/explorer.html", "/book/_static/livebook/livebook.js", "/api/kernels"])
def test_without_the_token_nobody_gets_in(server, path):
    """A stranger is sent to the login page or refused, and sees no token on the way."""
    status, headers, body = ask(server, path)
    assert status in (302, 403)
    assert server.token not in body.decode(errors="replace") + str(headers)


def test_the_login_page_does_not_tell_the_token(server):
    """The one page that strangers may read."""
    _, _, body = ask(server, "/login?next=%2Fbook%2F")
    assert server.token.encode() not in body


def test_a_page_with_a_token_in_it_is_never_stored(server):
    """Authenticated pages carry the way to the kernel, and say that nobody may keep them."""
    status, headers, body = ask(server, "/book/explorer.html", token=True)
    assert status == 200 and server.token.encode() in body
    assert headers["Cache-Control"] == "no-store" and "Etag" not in headers


@pytest.mark.parametrize("path", [
    "/book/../_config.yml", "/book/..%2f..%2f_config.yml", "/book/%2e%2e/%2e%2e/_config.yml", "/book/..%2f..%2findex.html",
    "/book//etc/passwd", "/book/%2fetc%2fpasswd", "/book/_static/..%2f..%2f..%2f..%2f_config.yml",
])
def test_no_path_leads_out_of_the_book(server, path):
    """Neither plainly nor encoded."""
    status, _, body = ask(server, path, token=True)
    assert status in (403, 404)
    assert b"A book in miniature" not in body and b"root:" not in body


@pytest.mark.parametrize("path", ["/book/_static/", "/book/_static", "/book/_static/livebook/"])
def test_no_folder_is_listed(server, path):
    """A folder without an index page is not found."""
    status, _, _ = ask(server, path, token=True)
    assert status in (403, 404)


def test_the_root_leads_to_the_book(server):
    """With the query, so that a token in it is not lost."""
    status, headers, _ = ask(server, "/?token=abc")
    assert status == 302 and headers["Location"] == "/book/?token=abc"


def test_a_page_takes_its_kernel_with_it(server, visit):
    """One kernel while the page is open, none after."""
    reader = visit()
    reader.open(f"{server.address}explorer.html?token={server.token}", "live")
    kernel = reader.page.evaluate("window.__livebook.kernel.id")
    assert kernel in {running["id"] for running in server.kernels()}
    reader.page.goto("about:blank")
    deadline = time.monotonic() + 15
    while kernel in {running["id"] for running in server.kernels()}:
        assert time.monotonic() < deadline, "the kernel outlived its page"
        time.sleep(0.2)


def test_when_the_server_stops_the_page_says_so(minibook, minihtml, visit):
    """Its figures stay as last computed, and its controls are off."""
    with reading.local_server(minihtml, minibook) as running:
        reader = visit()
        reader.open(f"{running.address}explorer.html?token={running.token}", "live")
    reader.page.wait_for_function("document.documentElement.dataset.livebook === 'static'")
    assert "as last computed" in reader.page.locator(".livebook-status").first.inner_text()
    assert reader.page.locator(".livebook-live .widget-slider").evaluate("element => element.inert")


def test_a_taken_port_is_said_in_one_sentence(server, minibook, minihtml):
    """No traceback, and the remedy."""
    command, environment = reading.server_command(minihtml, minibook, server.port)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and f"Port {server.port} on 127.0.0.1 is taken" in done.stderr


def test_a_missing_book_is_said_in_one_sentence(minibook, tmp_path):
    """The remedy is the command that builds it."""
    command, environment = reading.server_command(tmp_path, minibook, reading.free_port())
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "make book" in done.stderr and done.stderr.count("\n") == 1
