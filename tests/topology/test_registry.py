"""Kinds and policies are found by their files, explain themselves also when compiled, and clash loudly."""

from __future__ import annotations

from pathlib import Path

import pytest

from topology import registry
from topology.registry import Clash, Folder, kind, kinds, plain_words, policies

NODE = '''"""A kind from outside."""

from topology.node import Node


class {name}(Node):
    """Does nothing, from {where}."""
'''


def outside(folder: Path, name: str, where: str) -> Path:
    """A folder with one kind of node."""
    (folder / "nodes").mkdir(parents=True)
    (folder / "nodes" / f"{name}.py").write_text(NODE.format(name=name.title(), where=where))
    return folder


def fresh() -> Folder:
    """A registry of node kinds that knows nothing yet."""
    own = registry.NODES
    return Folder(own.package, own.base, own.group, own.subfolder)


@pytest.mark.parametrize("name", ["producer", "service", "load_balancer", "sqs", "endpoint"])
def test_a_kind_explains_itself_also_when_compiled(name: str) -> None:
    assert len(plain_words(kind(name))) > 40


def test_every_policy_explains_itself() -> None:
    assert [name for name, policy in policies().items() if len(plain_words(policy)) < 40] == []


def test_every_parameter_has_a_sentence_and_a_source() -> None:
    for classes in (kinds(), policies()):
        for name, one in classes.items():
            for param in one.params.values():
                assert param.doc.endswith("."), (name, param.doc)
                assert param.source, name


def test_a_folder_from_outside_brings_a_kind(tmp_path: Path) -> None:
    folder = fresh()
    folder.look_in(outside(tmp_path, "lantern", "here"))
    assert "lantern" in folder.names()
    assert plain_words(folder.get("lantern")) == "Does nothing, from here."


def test_an_underscore_at_its_end_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert kind("lambda").__module__ == "topology.nodes.lambda_"
    folder = fresh()
    folder.look_in(outside(tmp_path, "yield_", "here"))
    assert {"yield", "lambda"} < set(folder.names())
    assert not {"yield_", "lambda_"} & set(folder.names())
    assert plain_words(folder.get("yield")) == "Does nothing, from here."


def test_two_of_one_name_are_an_error_that_names_both(tmp_path: Path) -> None:
    folder = fresh()
    folder.look_in(outside(tmp_path / "a", "lantern", "a"))
    with pytest.raises(Clash, match=r"a/nodes/lantern\.py and .*b/nodes/lantern\.py"):
        folder.look_in(outside(tmp_path / "b", "lantern", "b"))
    with pytest.raises(KeyError):
        folder.get("nothing of that name")


def test_a_kind_of_ours_cannot_be_replaced_from_outside(tmp_path: Path) -> None:
    folder = fresh()
    folder.look_in(outside(tmp_path, "sqs", "outside"))
    with pytest.raises(Clash, match="sqs"):
        folder.get("sqs")
