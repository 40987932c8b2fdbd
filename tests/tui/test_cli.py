"""The command line as a person meets it: what it says, where, and with which exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.playgrounds import CLAIMS, CRASH, SHOP
from tests.conftest import INSTALLED, ROOT, Knockon
from tui.lookup import Mistake, seeds_of


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A small playground file in the folder in which commands run."""
    (tmp_path / "small.yaml").write_text(SHOP + CRASH + CLAIMS, encoding="utf-8")
    return "small.yaml"


def test_a_run_says_what_came_of_it(knockon: Knockon, shop: str) -> None:
    done = knockon("run", shop)
    assert (done.returncode, done.stderr) == (0, "")
    assert "small · seed 1 · 30 s" in done.stdout
    assert done.stdout.endswith("All 3 expectations held.\n")


def test_json_on_standard_output_is_nothing_but_json(knockon: Knockon, shop: str) -> None:
    done = knockon("run", shop, "--json", "-", "--seed", "3")
    told = json.loads(done.stdout)
    assert (told["seed"], told["playground"], done.stderr) == (3, "small", "")


def test_json_into_a_file_and_quiet(knockon: Knockon, shop: str, tmp_path: Path) -> None:
    done = knockon("run", shop, "--json", "out.json", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads((tmp_path / "out.json").read_text())["schema"] == {"name": "knockon.journal", "version": 1}


def test_a_saved_run_runs_again_to_the_same_digest(knockon: Knockon, shop: str, tmp_path: Path) -> None:
    first = knockon("run", shop, "--seed", "9", "--duration", "20s", "--save", "kept.yaml", "--json", "-")
    again = knockon("run", "kept.yaml", "--json", "-")
    assert json.loads(first.stdout)["digest"] == json.loads(again.stdout)["digest"]
    assert again.stderr == ""
    text = (tmp_path / "kept.yaml").read_text()
    (tmp_path / "kept.yaml").write_text(text.replace("40/s", "41/s"))
    assert "came out differently" in knockon("run", "kept.yaml").stderr


def test_several_seeds(knockon: Knockon, shop: str) -> None:
    done = knockon("run", shop, "--seeds", "1..3")
    assert done.returncode == 0
    assert "holds in 3 of 3" in done.stdout


def test_set_changes_the_run_and_design_restricts_it(knockon: Knockon, shop: str) -> None:
    done = knockon("run", shop, "--set", "web.rate=10/s", "--design", "decoupled", "--json", "-")
    told = json.loads(done.stdout)
    assert list(told["designs"]) == ["decoupled"]
    assert told["designs"]["decoupled"]["flows"]["web"]["offered"] < 400


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (('"< 20%"', '"< 0%"'), 1),
        (("web.lost", "web.lots"), 2),
        (('">= 99%"}\nexpect', '">= 200%"}\nexpect'), 3),
    ],
)
def test_exit_codes(knockon: Knockon, tmp_path: Path, change: tuple[str, str], code: int) -> None:
    text = SHOP + CRASH + CLAIMS
    assert change[0] in text
    (tmp_path / "changed.yaml").write_text(text.replace(*change), encoding="utf-8")
    assert knockon("run", "changed.yaml").returncode == code


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run shpo", "did you mean shop"),
        ("run nowhere.yaml", "there is no file nowhere.yaml"),
        ("run .", "is a folder"),
        ("run small.yaml --seeds 5..1", "--seeds"),
        ("run small.yaml --seeds x", "expected a range"),
        ("run small.yaml --seed 1 --seeds 1..2", "exclude each other"),
        ("run small.yaml --seed -1", "greater than or equal to 0"),
        ("run small.yaml --seed x", "valid integer"),
        ("run small.yaml --duration 10", "a duration such as 30s"),
        ("run small.yaml --duration 3s", "warm-up"),
        ("run small.yaml --design decupled", "did you mean decoupled"),
        ("run small.yaml --set web.rat=5/s", "rat"),
        ("run small.yaml --set web", "web"),
        ("run small.yaml --json nowhere/out.json", "cannot write nowhere/out.json"),
        ("run small.yaml small.yaml --save x.yaml", "one playground at a time"),
        ("run small.yaml --save x.yaml --design coupled", "--design"),
        ("run small.yaml --plugins nowhere", "no such folder"),
        ("run", "NAME|FILE"),
        ("run small.yaml --nonsense", "--nonsense"),
        ("explode", "explode"),
        ("check broken.yaml", "broken.yaml:"),
        ("show nothing", "no playground called nothing"),
        ("kinds sqqs", "did you mean sqs"),
        ("faults crsh", "did you mean crash"),
        ("policies retri", "did you mean retry"),
        ("play small.yaml", "needs a terminal"),
        ("record small.yaml", "-o FILE"),
    ],
)
def test_what_is_wrong_is_said_clearly(knockon: Knockon, shop: str, tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "broken.yaml").write_text("[1, 2", encoding="utf-8")
    done = knockon(*line.split())
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_check(knockon: Knockon, shop: str) -> None:
    done = knockon("check", shop, "--resolved")
    assert (done.returncode, done.stderr) == (0, "")
    assert "work of web: inventory" in done.stdout or "work of web: orders, inventory" in done.stdout
    assert "SQS" in done.stdout


def test_check_goes_on_after_a_bad_file(knockon: Knockon, shop: str) -> None:
    done = knockon("check", "nowhere.yaml", shop)
    assert done.returncode == 2
    assert "small" in done.stdout


def test_list(knockon: Knockon) -> None:
    said = knockon("list").stdout
    assert "  shop             Orders placed at a web shop" in said
    assert max(map(len, said.splitlines())) <= 100
    names = [one["name"] for one in json.loads(knockon("list", "--json", "-").stdout)]
    assert "shop" in names


def test_show_prints_the_file(knockon: Knockon) -> None:
    assert "playground: shop" in knockon("show", "shop").stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kinds", "circuit_breaker"),
        ("kinds sqs", "visibility"),
        ("kinds retry", "attempts"),
        ("policies", "timeout"),
        ("policies retry", "attempts"),
        ("kinds sqs --markdown", "| `visibility` |"),
        ("faults --markdown", "## partition: a fault"),
        ("faults", "partition"),
        ("faults latency", "Source of the default: ours"),
        ("schema", '"$schema"'),
        ("--version", "knockon "),
        ("--help", "headless"),
    ],
)
def test_reference(knockon: Knockon, line: str, words: str) -> None:
    done = knockon(*line.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert words in done.stdout


def test_a_plugin_folder(knockon: Knockon, tmp_path: Path, shop: str) -> None:
    folder = tmp_path / "more" / "faults"
    folder.mkdir(parents=True)
    source = (ROOT / "chaos" / "faults" / "noop.py").read_text()
    (folder / "idle.py").write_text(source)
    assert "idle" in knockon("faults", "--plugins", "more").stdout
    (tmp_path / "idle.yaml").write_text(SHOP + CRASH.replace("crash", "idle"))
    assert knockon("run", "idle.yaml", "--plugins", "more").returncode == 0
    assert "did you mean" in knockon("run", "idle.yaml").stderr or "no fault" in knockon("run", "idle.yaml").stderr
    (folder / "broken.py").write_text("1 / 0")
    done = knockon("faults", "--plugins", "more")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_what_came_of_it(tmp_path: Path, number: signal.Signals) -> None:
    text = SHOP.replace("duration: 30s", "duration: 5h").replace("drain: 30s", "drain: 1s")
    (tmp_path / "long.yaml").write_text(text, encoding="utf-8")
    path = {} if INSTALLED else {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "from tui.cli import main; main()", "run", "long.yaml", "--json", "out.json"]
    with subprocess.Popen(command, cwd=tmp_path, env={**os.environ, **path}, stdout=subprocess.PIPE) as child:
        time.sleep(2)
        child.send_signal(number)
        said = child.communicate(timeout=60)[0].decode()
    assert child.returncode == 128 + number
    assert "Interrupted" in said
    told = json.loads((tmp_path / "out.json").read_text())
    assert told["cut_short"]
    assert 0 < told["duration"] < 5 * 3600


@pytest.mark.parametrize(("text", "seeds"), [("1..3", [1, 2, 3]), ("7", [7]), ("1,5", [1, 5]), ("0..0", [0])])
def test_seeds(text: str, seeds: list[int]) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "..", "1..", "a..b", "3..1", "-1..2", "1..99999999999999", "1,x", "1 2"])
def test_seeds_that_are_none(text: str) -> None:
    with pytest.raises(Mistake):
        seeds_of(text)
