"""What is written reads back the same."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.topology.spec.declared import FAULTS, Declared
from tests.topology.spec.examples import BRACES, EVERYTHING, EXAMPLES, KEPT, SHOP
from topology.plan import Playground
from topology.problems import Problems
from topology.spec import load, load_text
from topology.spec.reader import read
from topology.spec.writer import emit, flow, run_text, save_run

COMMANDS: list[dict[str, Any]] = [
    {
        "at_ns": 30_000_000_001,
        "verb": "inject",
        "on": ("inventory",),
        "what": "slow",
        "params": {"factor": 3},
        "for_ns": 7,
    },
    {"at_ns": 31_000_000_000, "verb": "scale", "on": ("orders",), "designs": ("coupled",), "to": 5},
    {"at_ns": 32_000_000_000, "verb": "heal", "on": ("all",)},
    {"at_ns": 33_000_000_000, "verb": "inject", "on": ("one:orders", "web -> orders"), "what": "crash", "ramp_ns": 5},
    {"at_ns": 34_000_000_000, "verb": "set", "on": ("orders.takes",), "to": {"median": "1ms", "p99": "2ms"}},
    {"at_ns": 35_000_000_000, "verb": "rate", "on": ("web",), "to": "200/s", "probability": 1.0},
]


def made(text: str) -> Playground:
    return load_text(text, catalogue=Declared(), faults=FAULTS)


def plain(text: str) -> Any:
    problems = Problems("x")
    found = read(text, problems)
    problems.raise_any()
    assert found is not None
    return found.plain()


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_emitted_file_is_the_same(text: str) -> None:
    root = read(text, Problems("x"))
    assert root is not None
    assert plain(emit(root)) == plain(text)


@pytest.mark.parametrize(
    "text",
    [SHOP, KEPT, KEPT.replace("steady:", "x:", 0), SHOP.rstrip() + "\n...\n", "---\n" + SHOP, SHOP + "# the end"],
)
def test_a_run_file_is_its_playground_and_its_run(text: str) -> None:
    kept = made(run_text(made(text), 7, 150 * 10**9, COMMANDS, "ab12cd34ef"))
    assert kept.canonical == made(SHOP).canonical
    assert kept.run is not None
    assert (kept.run.seed, kept.run.end_ns, kept.run.digest) == (7, 150 * 10**9, "ab12cd34ef")
    for read_back, command in zip(kept.run.commands, COMMANDS, strict=True):
        assert {key: read_back[key] for key in command if key != "probability"} == {
            key: value for key, value in command.items() if key != "probability"
        }
    again = run_text(kept, 7, 150 * 10**9, kept.run.commands, "ab12cd34ef")
    assert made(again).run == kept.run


def test_the_own_words_of_the_file_stay() -> None:
    assert run_text(made(SHOP), 1, 10**9, []).startswith(SHOP)
    assert "every design has these" in run_text(made(KEPT), 1, 10**9, [])


def test_a_file_in_braces_is_written_anew() -> None:
    kept = made(run_text(made(BRACES), 3, 10**9, []))
    assert kept.canonical == made(BRACES).canonical
    assert kept.run is not None


def test_everything_can_be_kept() -> None:
    assert made(run_text(made(EVERYTHING), 3, 10**9, [])).canonical == made(EVERYTHING).canonical


def test_paths_lead_to_the_same_file_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "access.log").write_text("x")
    (tmp_path / "shop.yaml").write_text(SHOP.replace("deadline: 2s", "log: access.log"))
    shop = load(tmp_path / "shop.yaml", catalogue=Declared(), faults=FAULTS)
    save_run(tmp_path / "there" / "kept.yaml", shop, 1, 10**9, [])
    save_run(tmp_path / "kept.yaml", shop, 1, 10**9, [])
    for kept in (tmp_path / "there" / "kept.yaml", tmp_path / "kept.yaml"):
        assert load(kept, catalogue=Declared(), faults=FAULTS).canonical == shop.canonical
    assert str(tmp_path) not in (tmp_path / "kept.yaml").read_text()


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False)
    | st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Cn")), max_size=20)
    | st.sampled_from(
        ["on", "yes", "null", "~", "30s", "5%", "1e3", "0x1F", ".5", "- a", "a: b", "#", "=", "<<", "100/s"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz=<- ", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_any_data_reads_back(data: Any) -> None:
    assert plain(f"a: {flow(data)}")["a"] == data


@given(values)
def test_other_readers_of_yaml_agree_on_text(data: Any) -> None:
    """Words that YAML 1.1 takes for something else are the one difference."""
    if isinstance(data, str) and data not in ("on", "yes", "null", "y", "n", "no", "off", "="):
        assert yaml.safe_load(f"a: {flow(data)}")["a"] == data


def test_numbers_that_are_none() -> None:
    assert plain(f"a: {flow(math.inf)}")["a"] == math.inf
    assert math.isnan(plain(f"a: {flow(math.nan)}")["a"])
