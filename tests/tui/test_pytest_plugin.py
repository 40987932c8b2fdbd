"""The plug-in for pytest, in a pytest of its own: playground files as tests, and the fixture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.playgrounds import CLAIMS, CRASH, SHOP
from tests.conftest import INSTALLED, ROOT

pytest_plugins = ["pytester"]

Inner = Callable[..., pytest.RunResult]


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Inner:
    """Run pytest with the plug-in in a process of its own; warnings are errors there."""
    if not INSTALLED:
        monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(*args: str) -> pytest.RunResult:
        quiet = ("-W", "error", "-p", "no:cacheprovider", "-p", "no:asyncio")
        return pytester.runpytest_subprocess("-p", "no:knockon", "-p", "tui.pytest_plugin", *quiet, *args)

    return run


def write(folder: Path, text: str, name: str = "small.knockon.yaml") -> None:
    """A playground file where the inner pytest looks."""
    (folder / name).write_text(text, encoding="utf-8")


def test_a_file_is_a_test_for_its_gate_and_each_expectation(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester.path, SHOP + CRASH + CLAIMS)
    write(pytester.path, "not: collected", "other.yaml")
    done = inner("-v")
    done.assert_outcomes(passed=4)
    done.stdout.fnmatch_lines(["*small.knockon.yaml::steady PASSED*", "*decoupled: web.lost = 0 PASSED*"])


def test_a_failure_is_its_sentence_and_no_traceback(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester.path, SHOP + CRASH + CLAIMS.replace('"< 20%"', '"< 0%"'))
    done = inner("--knockon-seeds", "1..2")
    done.assert_outcomes(passed=3, failed=1)
    text = done.stdout.str()
    assert "coupled: web.success during fault < 0%: " in text
    assert "holds in 0 of 2" in text
    assert "see it: knockon play " in text
    assert "Traceback" not in text
    assert "DidNotHold(" not in text


GONE = """
timeline:
  - {at: 6s, scale: inventory, to: 1}
  - {at: 10s, inject: crash, on: inventory/1}
expect:
  - {in: decoupled, that: web.lost, is: "= 0"}
"""
UNSTEADY = CLAIMS.replace('">= 99%"}\nexpect', '"< 99%"}\nexpect')


@pytest.mark.parametrize(
    ("text", "failed", "words"), [(SHOP + GONE, 2, "could not inject crash"), (SHOP + CRASH + UNSTEADY, 4, "not steady: coupled")]
)
def test_where_the_runs_show_nothing_nothing_is_green(
    pytester: pytest.Pytester, inner: Inner, text: str, failed: int, words: str
) -> None:
    write(pytester.path, text)
    done = inner()
    done.assert_outcomes(failed=failed)
    done.stdout.fnmatch_lines([f"*{words}*", "*not judged, for the runs show nothing:*"])


def test_a_broken_file_names_the_place(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester.path, SHOP.replace("kind: sqs", "kind: sqqs"))
    done = inner()
    done.assert_outcomes(errors=1)
    assert "did you mean sqs" in done.stdout.str()
    assert "Traceback" not in done.stdout.str()


def test_seeds_that_are_none_are_said(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester.path, SHOP)
    done = inner("--knockon-seeds", "x")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*expected a range such as 1..20*"])


def test_the_fixture_runs_playgrounds(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester.path, SHOP + CRASH + CLAIMS, "small.yaml")
    pytester.makepyfile(
        """
        import pytest

        def test_it(knockon):
            result = knockon.run("small.yaml", seeds=range(1, 3))
            assert result.held and result.code == 0 and result.failures == []
            assert result.figure("decoupled.web.success") > 0.99
            assert result.figure("coupled.web.told_no") > 100
            with pytest.raises(ValueError, match="did you mean decoupled.web.success"):
                result.figure("decoupled.web.sucess")
            with pytest.raises(ValueError, match="there is no design decopled"):
                result.figure("decopled.web.success")

        def test_changed(knockon):
            result = knockon.run("small.yaml", duration="20s", settings=["web.rate=10/s"], designs=["coupled"])
            assert list(result.journal["designs"]) == ["coupled"]
            assert result.journal["duration"] == 20.0

        @pytest.mark.parametrize(("name", "words"), [("smal", "no playground called smal"), ("a/b.yaml", "there is no file")])
        def test_wrong(knockon, name, words):
            with pytest.raises(ValueError, match=words):
                knockon.run(name)

        def test_no_seeds(knockon):
            with pytest.raises(ValueError, match="no seeds"):
                knockon.run("small.yaml", seeds=[])
        """
    )
    inner().assert_outcomes(passed=5)


def test_a_run_that_does_not_use_it_loads_nothing(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            rooms = ("topology", "chaos", "tui.", "pydantic", "yaml")
            assert [n for n in sys.modules if n.startswith(rooms)] == ["tui.pytest_plugin"]
        """
    )
    inner().assert_outcomes(passed=1)
