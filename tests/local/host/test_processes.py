"""Child processes."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from local.processes import Child, ChildDidNotStart

READY = "print('loading'); print('ready http://127.0.0.1:1', flush=True);"
FOREVER = "import signal; signal.pause()"
GOES_ON = f"import sys; print('a warning', file=sys.stderr); {READY} {FOREVER}"


async def start(code: str, *, ready_within: float = 20, stderr: Path | None = None) -> Child:
    argv = [sys.executable, "-c", code]
    return await Child.start(argv, env={}, ready_within=ready_within, stderr=stderr)


async def test_a_child_is_ready_when_it_says_so() -> None:
    """The URL is that of its line, and what it wrote to standard error can be read."""
    child = await start(GOES_ON)
    assert child.url == "http://127.0.0.1:1"
    assert child.returncode is None
    assert await child.stop() == -signal.SIGTERM
    assert child.stderr_text() == "a warning\n"


async def test_standard_error_can_go_to_a_file(tmp_path: Path) -> None:
    """The file stays when the child is gone."""
    file = tmp_path / "child.log"
    child = await start(GOES_ON, stderr=file)
    await child.kill()
    assert (child.returncode, file.read_text()) == (-signal.SIGKILL, "a warning\n")


async def test_a_child_that_ends_before_it_is_ready_is_an_error() -> None:
    """The error has its exit code and the end of its standard error."""
    with pytest.raises(ChildDidNotStart, match=r"ended with 3\nwhy it ended"):
        await start("import sys; sys.stderr.write('why it ended'); sys.exit(3)")


async def test_a_child_that_never_gets_ready_is_ended() -> None:
    """After its time it is stopped, and that is an error."""
    with pytest.raises(ChildDidNotStart, match="ended with -15"):
        await start(FOREVER, ready_within=0.5)


async def test_a_child_that_ignores_the_request_to_end_is_killed() -> None:
    """SIGKILL follows SIGTERM."""
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    child = await start(f"{ignore} {READY} {FOREVER}")
    assert await child.stop(0.2) == -signal.SIGKILL


async def test_a_child_that_goes_on_writing_does_not_stand_still() -> None:
    """Standard output is read for as long as the child runs."""
    child = await start(f"{READY} print('x' * 1_000_000)")
    assert await asyncio.wait_for(child.wait(), 20) == 0


async def test_stopping_an_ended_child_gives_its_code() -> None:
    """Stopping twice, or too late, does no harm."""
    child = await start(READY)
    await child.wait()
    assert (await child.stop(), await child.kill()) == (0, 0)


# PR_SET_PDEATHSIG is Linux's own; elsewhere a child of a killed parent stays (local/processes.py).
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills the children of a killed one")
async def test_a_child_dies_with_its_parent() -> None:
    """When the parent is killed, no child of it lingers."""
    parent = await start(
        "import asyncio, os, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n"
        "from local.processes import Child\n"
        "async def main():\n"
        f"    child = await Child.start([sys.executable, '-c', {f'{READY}{FOREVER}'!r}])\n"
        "    print(f'ready {child.pid}', flush=True)\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n"
    )
    # A pidfd becomes readable when its process ends, whoever its parent is by then.
    grandchild = os.pidfd_open(int(parent.url))
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_reader(grandchild, ended.cancel)
    await parent.kill()
    await asyncio.wait({ended}, timeout=20)
    assert ended.cancelled()
    asyncio.get_running_loop().remove_reader(grandchild)
    os.close(grandchild)
