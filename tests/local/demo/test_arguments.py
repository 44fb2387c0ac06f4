"""The command line of the story."""

from datetime import timedelta

import pytest

from local.demo.arguments import Arguments, parse


def test_the_story_takes_any_port() -> None:
    """Without options the story is played, on any free port, with a promise of two seconds."""
    assert parse([]) == Arguments(
        stay_up=False, port=0, keep_logs=False, plain=False, promised=timedelta(seconds=2)
    )


@pytest.mark.parametrize(
    ("given", "port"), [([], 7071), (["--port", "0"], 0), (["--port", "8080"], 8080)]
)
def test_staying_up_takes_the_usual_port(given: list[str], port: int) -> None:
    """What stays up is at the usual port of a Functions host, unless another one is given."""
    assert parse(["--stay-up", *given]).port == port


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["--port", "65536"], "must be from 0 to 65535"),
        (["--port", "x"], "'x'"),
        (["--promised-seconds", "0"], "must be more than 0"),
        (["--promised-seconds", "nan"], "must be more than 0"),
        (["--promised-seconds", "inf"], "3600 at most"),
        (["story"], "story"),
    ],
)
def test_a_wrong_command_line_is_refused(
    given: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong command line ends with 2 and says what is wrong."""
    with pytest.raises(SystemExit) as refusal:
        parse(given)
    assert refusal.value.code == 2
    assert why in capsys.readouterr().err
