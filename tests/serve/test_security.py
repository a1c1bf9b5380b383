"""`make serve` without a browser: who gets in, what they can reach, and which kernels are left."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.browser import reading

STRANGER = "http://evil.example"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A book of one page, with a secret beside it."""
    root = tmp_path_factory.mktemp("serve")
    (root / "secret.txt").write_text("not for readers")
    (root / "html" / "_static").mkdir(parents=True)
    (root / "html" / "index.html").write_text("<html><head></head><body>one page</body></html>")
    (root / "html" / "_static" / "a.txt").write_text("a file")
    for name in ("link.txt", "page.html"):
        (root / "html" / name).symlink_to(root / "secret.txt")
    (root / "html" / "folder").symlink_to(root)
    return root


@pytest.fixture(scope="module")
def server(folder):
    """With room for two kernels."""
    with reading.local_server(folder / "html", folder, "--kernels", "2") as running:
        yield running


def ask(server, path: str, method: str = "GET", body: str | None = None, *, token: bool = True, **headers: str):
    """One plain request: status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        given["Authorization"] = f"token {server.token}"
    connection.request(method, path, body=body, headers=given)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode(errors="replace")


def start(server, **headers: str) -> tuple[int, dict]:
    """Ask for a kernel, as a page does."""
    status, _, body = ask(server, "/api/kernels", "POST", json.dumps({"name": "python3"}), **headers)
    return status, json.loads(body)


def end(server, id: str) -> None:
    """Give a kernel back, as a page does when it is closed."""
    assert ask(server, f"/api/kernels/{id}", "DELETE")[0] == 204


async def connected(server, id: str, *, token: bool = True, **headers: str):
    """A page's connection to its kernel."""
    query = f"?token={server.token}" if token else ""
    return await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{server.port}/api/kernels/{id}/channels{query}", headers=headers, request_timeout=20))


async def refused(server, id: str, **how) -> int:
    """The status with which a connection is turned away."""
    with pytest.raises(HTTPClientError) as error:
        (await connected(server, id, **how)).close()
    return error.value.code


def until_gone(server, id: str, seconds: float) -> None:
    """Wait for a kernel to end."""
    deadline = time.monotonic() + seconds
    while id in {k["id"] for k in server.kernels()}:
        assert time.monotonic() < deadline, "the kernel is still there"
        time.sleep(0.2)


@pytest.fixture
def kernel(server):
    """A kernel that some page has started."""
    status, said = start(server)
    assert status == 201, said
    yield said["id"]
    if said["id"] in {k["id"] for k in server.kernels()}:
        end(server, said["id"])


class TestWhoGetsIn:
    def test_it_listens_on_one_loopback_address_only(self, server):
        """127.0.0.2 is the same machine: a server on all addresses would answer there."""
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", server.port)) == 0
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.2", server.port)) != 0

    @pytest.mark.parametrize("path", ["/book/", "/book/_static/a.txt", "/api/kernels"])
    @pytest.mark.parametrize("said", ["", "token wrong"])
    def test_without_the_token_nobody_gets_in(self, server, path, said):
        status, headers, body = ask(server, path, token=False, **({"Authorization": said} if said else {}))
        assert status in (302, 403) and server.token not in body + str(headers) and "a file" not in body

    def test_a_kernel_is_neither_started_nor_ended_without_the_token(self, server, kernel):
        assert ask(server, "/api/kernels", "POST", '{"name": "python3"}', token=False)[0] in (302, 403)
        assert ask(server, f"/api/kernels/{kernel}", "DELETE", token=False)[0] in (302, 403)
        assert [k["id"] for k in server.kernels()] == [kernel]

    def test_a_name_that_somebody_else_points_here_is_not_answered(self, server):
        """DNS rebinding: the request arrives on the loopback, and says another host."""
        status, _, body = ask(server, "/book/", Host="evil.example")
        assert status == 403 and "one page" not in body and server.token not in body

    def test_the_cookie_that_a_page_gets_starts_no_kernel_for_another_site(self, server):
        """A visited page leaves a cookie; a form elsewhere would send it along."""
        status, headers, _ = ask(server, f"/book/?token={server.token}", token=False)
        cookie = headers["Set-Cookie"].partition(";")[0]
        assert status == 200 and ask(server, "/book/", token=False, Cookie=cookie)[0] == 200, "the cookie is good for reading"
        for origin in ({}, {"Origin": STRANGER, "Referer": f"{STRANGER}/"}):
            assert ask(server, "/api/kernels", "POST", '{"name": "python3"}', token=False, Cookie=cookie, **origin)[0] in (403, 404)
        assert server.kernels() == []

    def test_a_websocket_needs_the_token_and_the_cookie_is_not_enough_from_elsewhere(self, server, kernel):
        _, headers, _ = ask(server, f"/book/?token={server.token}", token=False)
        cookie = headers["Set-Cookie"].partition(";")[0]
        assert asyncio.run(refused(server, kernel, token=False)) == 403
        assert asyncio.run(refused(server, kernel, token=False, Cookie=cookie, Origin=STRANGER)) == 403

    def test_a_page_lets_no_stranger_frame_it_and_no_link_carry_the_token_away(self, server):
        _, headers, body = ask(server, "/book/")
        assert server.token in body and headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "same-origin" and headers["X-Content-Type-Options"] == "nosniff"

    def test_no_other_site_may_read_what_the_cookie_opens(self, server):
        _, headers, _ = ask(server, f"/book/?token={server.token}", token=False)
        _, seen, _ = ask(server, "/book/", token=False, Cookie=headers["Set-Cookie"].partition(";")[0], Origin=STRANGER)
        assert not seen.get("Access-Control-Allow-Origin")


    @pytest.mark.parametrize("name", ["evil.example:80", "127.0.0.1.evil.example", "0.0.0.0", "2130706433", "localhost.", ""])
    def test_no_way_of_writing_another_host_is_let_in(self, server, name):
        status, _, body = ask(server, "/book/", Host=name, X_Forwarded_Host="127.0.0.1")
        assert status in (400, 403) and server.token not in body

    def test_pages_of_other_ports_get_neither_the_cookie_nor_a_file(self, server):
        """To a browser they are of the same site: another program's page on this computer must not load from here."""
        _, headers, _ = ask(server, f"/book/?token={server.token}", token=False)
        assert "SameSite=Strict" in headers["Set-Cookie"] and "HttpOnly" in headers["Set-Cookie"]
        for path in ("/book/", "/book/_static/a.txt", "/api/kernels"):
            assert ask(server, path)[1]["Cross-Origin-Resource-Policy"] == "same-origin"

    def test_a_browser_that_refuses_cookies_is_told_so(self, server):
        """Its style sheets do not come, so what they hide is seen."""
        assert "this browser refuses the cookie" in ask(server, f"/book/?token={server.token}", token=False)[2]


class TestWhoTakesTooMuch:
    def test_a_large_body_is_not_even_read(self, server):
        """It would be read before anybody asks for the token."""
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
            line.sendall(f"POST /api/kernels HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 300000000\r\n\r\n".encode())
            assert line.recv(100).startswith(b"HTTP/1.1 400")

    @pytest.mark.parametrize("start", [b"GET /book/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * (1 << 20), b"G" * (1 << 20)])
    def test_a_header_without_an_end_is_cut_off(self, server, start):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line, contextlib.suppress(ConnectionError):
            line.sendall(start)
            assert line.recv(100) == b""
        assert ask(server, "/book/")[0] == 200

    def test_many_that_dawdle_keep_nobody_out_and_are_sent_away(self, folder, monkeypatch):
        """300 requests that never end; the patience is shortened for the test, and its own value looked at."""
        monkeypatch.syspath_prepend(str(reading.EXTENSIONS))
        from livebook_server import __main__ as serve

        assert 5 <= serve.PATIENCE_S <= 60
        with reading.local_server(folder / "html", folder, "--patience", "2") as running, contextlib.ExitStack() as held:
            lines = [held.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=20)) for _ in range(300)]
            for line in lines:
                line.sendall(b"GET /book/ HTTP/1.1\r\nHost: 127.0.0.1")
            assert ask(running, "/book/")[0] == 200
            for line in lines:
                with contextlib.suppress(ConnectionError):
                    assert line.recv(1) == b""


class TestWhatTheyReach:
    @pytest.mark.parametrize("name", ["link.txt", "folder/secret.txt", "page.html"])
    def test_no_symbolic_link_leads_out(self, server, name):
        status, _, body = ask(server, f"/book/{name}")
        assert status in (403, 404) and "not for readers" not in body

    @pytest.mark.parametrize("path", ["/book/../secret.txt", "/book/..%2fsecret.txt", "/book/%2e%2e/secret.txt", "/book/_static/..%2f..%2fsecret.txt", "/book//etc/passwd", "/book/..%5csecret.txt", "/book/%00", "/book/%252e%252e/secret.txt", "/book/%c0%ae%c0%ae/secret.txt", "/book/....//secret.txt", "/book/;/../secret.txt", "//secret.txt"])
    def test_no_path_leads_out(self, server, path):
        status, _, body = ask(server, path)
        assert status in (400, 403, 404) and "not for readers" not in body and "root:" not in body

    def test_no_folder_is_listed(self, server):
        assert ask(server, "/book/_static/")[0] in (403, 404) and ask(server, "/book/_static")[0] in (403, 404)

    @pytest.mark.parametrize("path", ["/files/secret.txt", "/view/secret.txt", "/api/contents/secret.txt", "/api/contents", "/nbconvert/html/secret.txt", "/api/sessions", "/api/terminals", "/api/config/x", "/tree", "/lab"])
    def test_the_rest_of_jupyter_is_not_there(self, server, path):
        status, _, body = ask(server, path)
        assert status == 404 and "not for readers" not in body

    def test_nobody_shuts_the_server_down_from_outside(self, server):
        assert ask(server, "/api/shutdown", "POST")[0] in (403, 404, 405)
        assert ask(server, "/book/")[0] == 200

    def test_files_are_read_and_never_written(self, server, folder):
        for method in ("PUT", "POST", "DELETE", "PATCH"):
            assert ask(server, "/book/index.html", method, "x")[0] in (403, 404, 405)
        assert "one page" in (folder / "html" / "index.html").read_text()


class TestKernels:
    def test_only_this_python_is_offered(self, server):
        status, _, body = ask(server, "/api/kernels", "POST", '{"name": "bash"}')
        assert status >= 400 and server.kernels() == [], body

    def test_requests_that_come_together_do_not_pass_the_limit(self, server):
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: start(server), range(6)))
        made = [said["id"] for status, said in answers if status == 201]
        try:
            assert 1 <= len(made) <= 2 and len(server.kernels()) == len(made)
            assert all("close some" in said["message"] for status, said in answers if status == 503)
            assert {status for status, _ in answers} == {201, 503}, answers
        finally:
            for id in made:
                end(server, id)

    def test_a_kernel_ends_when_its_page_says_so(self, server, kernel):
        end(server, kernel)
        assert server.kernels() == []

    def test_a_kernel_whose_page_vanished_is_ended_and_one_with_a_page_is_not(self, folder):
        async def visit(running) -> tuple[set, str, str]:
            mine = start(running)[1]["id"]
            open_page = await connected(running, mine)
            other = start(running)[1]["id"]
            while other in {k["id"] for k in running.kernels()}:
                await asyncio.sleep(0.3)
            left = {k["id"] for k in running.kernels()}
            open_page.close()
            return left, mine, other

        with reading.local_server(folder / "html", folder, "--idle", "6") as running:
            left, mine, other = asyncio.run(asyncio.wait_for(visit(running), 60))
            assert left == {mine} and mine != other
            until_gone(running, mine, 40)

    @pytest.mark.parametrize(("silent_s", "pages", "ended"), [(60, 0, True), (60, 1, False), (5, 0, False)])
    def test_a_full_house_makes_room_only_where_nobody_has_been_for_a_while(self, monkeypatch, silent_s, pages, ended):
        monkeypatch.syspath_prepend(str(reading.EXTENSIONS))
        from jupyter_server._tz import utcnow
        from livebook_server.kernels import PageKernels

        house, gone = PageKernels(most=1, grace_s=30), []
        house._kernels["old"] = SimpleNamespace(last_activity=utcnow() - timedelta(seconds=silent_s))
        house._kernel_connections["old"] = pages

        async def shut(id: str, now: bool = False) -> None:
            gone.append(id)
            del house._kernels[id]

        monkeypatch.setattr(house, "shutdown_kernel", shut)
        asyncio.run(house.end_abandoned())
        assert gone == (["old"] if ended else [])

    def test_a_kernel_that_is_still_starting_is_neither_abandoned_nor_an_error(self, monkeypatch):
        monkeypatch.syspath_prepend(str(reading.EXTENSIONS))
        from livebook_server.kernels import PageKernel, PageKernels

        house = PageKernels(most=1, grace_s=30)
        house._kernels["new"] = house.kernel_manager_factory()
        assert isinstance(house._kernels["new"], PageKernel)
        asyncio.run(house.end_abandoned())
        assert list(house._kernels) == ["new"]

    def test_kernels_end_with_the_server(self, folder):
        with reading.local_server(folder / "html", folder) as running:
            id = start(running)[1]["id"]
            assert [k["id"] for k in running.kernels()] == [id]
            before = children(running.process.pid)
            assert before
        deadline = time.monotonic() + 10
        while any(alive(pid) for pid in before):
            assert time.monotonic() < deadline, "a kernel outlived its server"
            time.sleep(0.2)


def children(pid: int) -> list[int]:
    """Processes that this one has started."""
    from pathlib import Path

    return [int(p) for task in Path(f"/proc/{pid}/task").iterdir() for p in (task / "children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether it runs (a dead one that nobody has collected does not)."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
