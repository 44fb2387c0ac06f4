"""What az and the app's hosts answer is read with care: nothing ends in a stack of Python."""

import contextlib
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import override

import pytest
from infra.deploying.azure import Azure, Patience, Said, run_az
from infra.deploying.installation import Installation
from infra.deploying.package import functions_of
from infra.deploying.refusals import CallFailed, DeploymentStopped
from infra.deploying.resources import deploy
from infra.deploying.web import call

PATH = "/subscriptions/x?api-version=1"


def azure(code: int, out: str, err: str = "") -> Azure:
    """Give an az that always says the same."""
    return Azure(az=lambda _: Said(code, out, err))


@pytest.mark.parametrize(
    ("err", "code", "message"),
    [
        (
            "ERROR: (Conflict) It is busy.\nCode: Conflict\nMessage: It is busy.",
            "Conflict",
            "It is",
        ),
        (
            "ERROR: (Outer) See below.\nCode: Outer\nException Details:\t(Inner) The reason.\n",
            "Inner",
            "The reason.",
        ),
        (
            (
                'ERROR: {"code": "InvalidTemplateDeployment", "message": "See inner errors."}\n\n'
                'Inner Errors: \n{"code": "RequestDisallowedByPolicy", "message": "No topics."}'
            ),
            "RequestDisallowedByPolicy",
            "No topics.",
        ),
        (
            (
                'ERROR: {"code": "A", "message": "a"}\n\n'
                'Inner Errors: \n{"code": "B", "message": "b"}\n\n'
                'Inner Errors: \n{"code": "C", "message": "c"}'
            ),
            "C",
            "c; B: b",
        ),
        (
            (
                "x.py:1: UserWarning: {odd}\n"
                'ERROR: {"status": "Failed", "error": {"code": "O", "message": "o", "details":'
                ' [{"code": "I", "message": "i"}]}}'
            ),
            "I",
            "i",
        ),
        ("ERROR: The command failed with an unexpected error.", "", "unexpected error"),
    ],
)
def test_the_reason_is_told(err: str, code: str, message: str) -> None:
    """However az words a refusal, the innermost code and message are what is told."""
    with pytest.raises(CallFailed) as failed:
        azure(1, "", err).run("deployment", "sub", "create")
    assert failed.value.code == code
    assert message in failed.value.message


@pytest.mark.parametrize(
    ("err", "absent"),
    [
        ('ERROR: Not Found({"error":{"code":"RoleDefinitionDoesNotExist","message":"…"}})', True),
        ('ERROR: Not Found({"error":{"code":"ResourceNotFound","message":"…"}})', True),
        ("ERROR: Not Found", True),
        ("ERROR: (ResourceGroupNotFound) Resource group 'rg' could not be found.", True),
        ('ERROR: Bad Request({"error":{"code":"PrincipalNotFound","message":"…"}})', False),
        ('ERROR: Forbidden({"error":{"code":"AuthorizationFailed","message":"…"}})', False),
    ],
)
def test_absent_is_what_azure_says_is_not_there(err: str, *, absent: bool) -> None:
    """The status of HTTP decides, whatever the code is called; all else is a refusal."""
    one = azure(1, "", err)
    if absent:
        assert one.get(PATH) is None
    else:
        with pytest.raises(CallFailed):
            one.get(PATH)


def test_an_answer_that_is_no_json_is_told() -> None:
    """It is told, but not shown: a line before the JSON must not bring a token to light."""
    with pytest.raises(CallFailed, match="az account get-access-token wrote what is no") as failed:
        azure(0, 'a warning\n{"accessToken": "eyJ"}').run("account", "get-access-token")
    assert "eyJ" not in str(failed.value)
    with pytest.raises(CallFailed, match="az rest wrote what is no JSON, 6 characters"):
        azure(0, "<html>").rest("get", PATH)


def test_a_list_holds_objects() -> None:
    """What else stands in a list of resources is passed over."""
    assert azure(0, '{"value": [1, null, {"id": "a"}]}').every(PATH) == [{"id": "a"}]


@pytest.mark.parametrize(
    "err",
    [
        "ERROR: Service Unavailable(The service is unavailable.)",
        'ERROR: Too Many Requests({"error":{"code":"TooManyRequests","message":"…"}})',
        "ERROR: ('Connection aborted.', RemoteDisconnected('Remote end closed connection'))",
        'ERROR: Bad Request({"error":{"code":"BadRequest","message":"… from host runtime."}})',
    ],
)
def test_waiting_outlasts_what_passes(err: str) -> None:
    """A call that fails for a moment while something is waited for does not end the deployment."""
    answers = iter([Said(1, "", err), Said(0, '{"id": "there"}', "")])
    one = Azure(patience=Patience(5, 0.001), az=lambda _: next(answers))
    assert one.patience.tried("it is made", lambda: one.get(PATH)) == {"id": "there"}


def test_a_deployment_outlasts_a_connection() -> None:
    """Where az loses its connection the deployment goes on: it is waited for, then made sure of."""
    lost = Said(1, "", "ERROR: ('Connection aborted.', RemoteDisconnected('closed'))")
    running, done = (
        Said(0, f'{{"properties": {{"provisioningState": "{state}"}}}}', "")
        for state in ("Running", "Succeeded")
    )
    absent = Said(1, "", 'ERROR: Not Found({"error": {"code": "DeploymentNotFound"}})')
    answers = iter([absent, lost, running, done, done])
    az = Azure(patience=Patience(5, 0.001), az=lambda _: next(answers))
    parameters: dict[str, object] = {"environmentName": "prod", "location": "westeurope"}
    one = Installation(az, "home", parameters, Path())
    assert deploy(one, "resources", "main", parameters) is not None
    assert next(answers, None) is None


def test_waiting_does_not_hide_what_stays() -> None:
    """A refusal that no waiting mends is told at once."""
    calls: list[Sequence[str]] = []

    def az(asked: Sequence[str]) -> Said:
        calls.append(asked)
        return Said(1, "", 'Forbidden({"error":{"code":"AuthorizationFailed","message":"…"}})')

    one = Azure(patience=Patience(5, 0.001), az=az)
    with pytest.raises(CallFailed, match="AuthorizationFailed"):
        one.patience.tried("it is made", lambda: one.get(PATH))
    assert len(calls) == 1


def test_az_on_windows_gets_its_arguments_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There az is a batch file: what cmd would take for the end of a command stands in quotes."""
    program = tmp_path / "az.cmd"
    started: list[object] = []
    monkeypatch.setattr("shutil.which", lambda _: str(program))

    def run(command: object, **_: object) -> subprocess.CompletedProcess[str]:
        started.append(command)
        return subprocess.CompletedProcess([], 0, "{}", "")

    monkeypatch.setattr("subprocess.run", run)
    run_az(["rest", "--url", "https://x/y?api-version=1&$skiptoken=2"])
    assert started == [f'"{program}" "rest" "--url" "https://x/y?api-version=1&$skiptoken=2"']
    with pytest.raises(DeploymentStopped, match="no quotes"):
        run_az(["rest", "--url", 'x" & calc'])


type Answering = Callable[[BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def host(answer: Answering) -> Iterator[str]:
    """Give the address of a host that answers every GET in its way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def broken_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"half")


def no_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-nobody\r\n\r\n")


@pytest.mark.parametrize("answer", [broken_off, no_http])
def test_a_lost_connection_is_no_error(answer: Answering) -> None:
    """Whatever breaks off, even in the middle of an answer, is as good as no answer."""
    with host(answer) as url:
        given = call("GET", url, {})
    assert given.status == 0
    assert given.text


def test_nobody_is_followed_elsewhere() -> None:
    """A redirect is an answer of its own: neither key nor token goes to another host."""
    seen: list[str] = []

    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Authorization"])
        handler.send_response(200)
        handler.end_headers()

    with host(elsewhere) as other:

        def redirected(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", other)
            handler.end_headers()

        with host(redirected) as url:
            given = call("GET", url, {"Authorization": "Bearer secret"})
    assert (given.status, seen) == (302, [])


def damaged(folder: Path) -> Path:
    archive = folder / "damaged.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("functions/events.py", "def nothing(): ...\n" * 100)
    content = bytearray(archive.read_bytes())
    start = content.index(b"events.py") + len(b"events.py")
    content[start : start + 4] = b"\xff\xff\xff\xff"
    archive.write_bytes(content)
    return archive


def not_text(folder: Path) -> Path:
    archive = folder / "not-text.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("functions/events.py", b"\xff\xfe")
    return archive


@pytest.mark.parametrize("make", [damaged, not_text, lambda folder: folder])
def test_a_package_that_cannot_be_read(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """A damaged file, one that holds no text, a folder: each is said to be no package."""
    with pytest.raises(DeploymentStopped, match="is no deploy package"):
        functions_of(make(tmp_path))
