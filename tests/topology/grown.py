"""Large topologies as a person might write them: regions with a gateway, a balancer, tiers of services, queues, workers.

Generated text, the same for the same numbers; benchmarks measure what grows with it, and tests draw it. A message visits
every node of its region, so that the work to simulate grows with the nodes as the rate stays.
"""

from __future__ import annotations

REGION = 250
"""Nodes of one region at most; each region has customers of its own."""
ROOTS, CHILDREN = 8, 4
"""Services that the API calls, and that each service calls in turn."""


def grown(nodes: int, rate: float = 1.0, duration: str = "10m") -> str:
    """A playground of exactly so many nodes (10 or more); each region's customers offer `rate` messages a second."""
    regions = -(-nodes // REGION)
    declared: list[str] = []
    links: list[str] = []
    for number in range(1, regions + 1):
        share = nodes // regions + (1 if number <= nodes % regions else 0)
        _region(declared, links, "" if regions == 1 else f"-{number}", share, rate)
    head = f"playground: grown-{nodes}\nabout: {nodes} nodes in {regions} regions.\nduration: {duration}\nnodes:\n"
    return head + "\n".join(declared) + "\ndesigns:\n  only:\n    links:\n" + "\n".join(links) + "\n"


def _region(declared: list[str], links: list[str], mark: str, nodes: int, rate: float) -> None:
    """Four nodes in front; behind them a tree of services, some of which ask a store, and some of which feed a queue."""
    queues = (nodes - 4) // 12
    stores = max(1, (nodes - 4) // 8)
    services = nodes - 4 - 2 * queues - stores
    work = ", ".join([f"gate{mark}", f"api{mark}", *([f"worker{mark}-1"] if queues else [])])
    declared += [
        f"  web{mark}: {{kind: producer, rate: {rate:g}/s, work: [{work}]}}",
        f"  gate{mark}: {{kind: service, slots: 64, takes: 1ms}}",
        f"  front{mark}: {{kind: load_balancer}}",
        f"  api{mark}: {{kind: service, replicas: 3, slots: 32, takes: 2ms}}",
    ]
    for what, count, words in (
        ("svc", services, "{kind: service, takes: 2ms}"),
        ("store", stores, "{kind: service, slots: 16, takes: 1ms}"),
        ("jobs", queues, "{kind: sqs}"),
        ("worker", queues, "{kind: service, takes: 20ms}"),
    ):
        declared += [f"  {what}{mark}-{at}: {words}" for at in range(1, count + 1)]
    chain = f"web{mark} -> gate{mark} -> front{mark} -> api{mark}"
    calls = [chain, *(f"{_parent(at, mark)} -> svc{mark}-{at}" for at in range(1, services + 1))]
    calls += [f"svc{mark}-{(at * 5 - 1) % services + 1} -> store{mark}-{at}" for at in range(1, stores + 1)]
    calls += [
        f"svc{mark}-{(at * 7 - 1) % services + 1} => jobs{mark}-{at} => worker{mark}-{at}" for at in range(1, queues + 1)
    ]
    links += [f"      - {call}" for call in calls]


def _parent(at: int, mark: str) -> str:
    """Who calls the service of that number."""
    return f"api{mark}" if at <= ROOTS else f"svc{mark}-{(at - ROOTS - 1) // CHILDREN + 1}"
