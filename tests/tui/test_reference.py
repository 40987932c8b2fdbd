"""The reference pages: one for every kind, policy and fault there is, with an example that the program reads."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest

from chaos.registry import faults
from topology import registry
from topology.parameters import Param
from topology.spec import load_text
from topology.spec.values import Reading
from tui import examples, pages, reference, sources
from tui.acting import sorted_out, spared
from tui.lookup import Mistake

SORTS: dict[str, tuple[Callable[[str], reference.Page], Callable[[str], str]]] = {
    "kind": (reference.kind_page, examples.kind_example),
    "policy": (reference.policy_page, examples.policy_example),
    "fault": (reference.fault_page, examples.fault_example),
}
EVERY = [
    *(("kind", name) for name in registry.kind_names()),
    *(("policy", name) for name in registry.policy_names()),
    *(("fault", name) for name in faults()),
]


@pytest.mark.parametrize(("sort", "name"), EVERY)
def test_everything_registered_has_a_page_with_an_example_that_loads(sort: str, name: str) -> None:
    page_of, example_of = SORTS[sort]
    example = example_of(name)
    made = load_text(example, faults=faults())
    page = page_of(name)
    assert page.example == example
    assert page.words[0], "it says what it models"
    assert page.title.startswith(f"{name}: a ")
    used = {
        "kind": {n.kind for d in made.designs for n in d.nodes},
        "policy": {p for d in made.designs for one in (*d.nodes, *d.links) for p in one.policies},
        "fault": {entry.what for entry in made.timeline},
    }
    assert name in used[sort]


@pytest.mark.parametrize(("sort", "name"), EVERY)
def test_a_page_names_every_setting_with_its_source(sort: str, name: str) -> None:
    page = SORTS[sort][0](name)
    text, markdown = reference.as_text(page), reference.as_markdown(page)
    assert max(map(len, text.splitlines())) <= 130
    for setting, param in page.settings:
        assert f"\n  {setting}: " in text
        assert f"| `{setting}` |" in markdown
        if not param.required and param.default is not None:
            assert param.source
            assert f"Source of the default: {param.source}" in text
    assert f"```yaml\n{page.example.rstrip()}\n```" in markdown


def every_param(params: Mapping[str, Param]) -> Iterator[Param]:
    for param in params.values():
        yield param
        yield from every_param(param.fields)


@pytest.mark.parametrize(("sort", "name"), EVERY)
def test_every_default_and_every_bound_can_be_read(sort: str, name: str) -> None:
    """A bound that the program cannot read refuses every value."""
    cls = {"kind": registry.kind, "policy": registry.policy, "fault": faults().__getitem__}[sort](name)
    wrong: list[str] = []
    for param in every_param(cls.params):
        free = replace(param, ge=None, gt=None, le=None, lt=None)
        reading = Reading(lambda route, words, near: wrong.append(words))
        bounds = [bound for bound in (param.ge, param.gt, param.le, param.lt) if bound is not None]
        for value in bounds if param.required or param.default is None else [param.default, *bounds]:
            reading.inner(param if value is param.default else free, value)
    assert wrong == []


def test_a_kind_says_its_reasons_states_links_policies_and_faults() -> None:
    lists = dict(reference.kind_page("service").lists)
    words = {title: [word for word, _ in rows] for title, rows in lists.items()}
    assert {"up", "down", "frozen", "starting", "draining"} <= set(words["States of a replica"])
    assert {"queue full", "dropped from a full queue", "error"} <= set(words["Reasons that it gives"])
    assert "service -> X" in words["Links"]
    assert "shed" in words["Policies that it takes"]
    assert {"crash", "latency"} <= set(words["Faults that act on it"])
    assert "surge" not in words["Faults that act on it"]


def test_links_say_how_they_are_wired() -> None:
    ways = dict(dict(reference.kind_page("sqs").lists)["Links"])
    assert ways["sqs => X"].startswith("pull; X is ")
    assert "producer" in ways["X => sqs"]
    assert "sqs -> X" not in ways


def test_a_policy_says_its_states_and_reasons() -> None:
    breaker = registry.policy("circuit_breaker")
    assert sources.states(breaker) == ["closed", "open", "half-open"]
    assert sources.reasons(breaker) == ["circuit breaker open"]


@pytest.mark.parametrize(("sort", "name"), EVERY)
def test_no_reason_that_a_module_makes_is_missed(sort: str, name: str) -> None:
    cls = {"kind": registry.kind, "policy": registry.policy, "fault": faults().__getitem__}[sort](name)
    tree = ast.parse(registry.source_of(cls.__module__))
    makers = ("reason", "lasting")
    calls = [part for part in ast.walk(tree) if isinstance(part, ast.Call) and getattr(part.func, "id", "") in makers]
    made = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    assert made <= set(sources.reasons(cls))


def test_which_faults_can_act_on_what() -> None:
    known = faults()
    assert spared(known["surge"], "service") == "acts on producers"
    assert spared(known["crash"], "producer") == "a producer does not break"
    assert spared(known["latency"], "producer") == ""
    ordered, why = sorted_out(known, "service", {"kill", "freeze", "lay"})
    assert set(ordered) == set(known)
    assert list(ordered)[-len(why) :] == list(why)
    assert why["surge"] == "acts on producers"
    assert sorted_out(known, "service", {"lay"})[1]["crash"] == "this world cannot kill"


def test_a_fault_acts_only_on_what_has_what_it_breaks() -> None:
    known = faults()
    able = {name: {kind for kind in registry.kind_names() if not spared(known[name], kind)} for name in known}
    assert able["queue_purged"] == {"sqs"}
    assert able["cache_flush"] == {"cache"}
    assert able["archive_replayed"] == able["rule_disabled"] == {"eventbridge"}
    assert able["bounce_storm"] == {"ses", "mail_provider"}
    assert able["schedule_storm"] == {"scheduler", "cron"}
    assert {"lambda", "service", "endpoint"} <= able["poison_message"]
    assert not {"sqs", "sns", "cron", "load_balancer"} & able["poison_message"]
    assert {"eventbridge", "sns", "pipe", "service"} <= able["filter_mismatch"]
    assert "sqs" not in able["filter_mismatch"]
    assert "s3" not in able["dead_letters_missing"]


def test_all_pages_at_once_are_one_markdown_document() -> None:
    text = pages.policies_page(None, markdown=True)
    assert text.startswith("# Policies\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## {reference.policy_page(name).title}" for name in registry.policy_names()
    ]


def test_an_unknown_policy_is_said_to_be_unknown() -> None:
    with pytest.raises(Mistake, match="there is no policy called retri; did you mean retry"):
        pages.policies_page("retri")


def test_a_class_may_bring_its_own_example() -> None:
    class Own:
        example = "{slots: 2}"
        params = registry.kind("service").params

    whole, settings = examples._said(Own)
    assert (whole, settings) == ("", "{slots: 2}")
