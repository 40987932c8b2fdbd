"""The workloads of the benchmarks, for peers as numbers and for knockon as the playground that says the same."""

from __future__ import annotations

from tests.bench.peers import Workload

W1 = Workload("W1", rate=800, work=0.001, servers=1, seconds=125)
W1T = Workload("W1t", rate=800, work=0.001, servers=1, seconds=75, delay=0.001, timeout=2, attempts=4, backoff=0.1)
W3 = Workload("W3", rate=100, work=0.01, servers=10, seconds=50, queues=10)
W2 = Workload("W2", rate=7, work=1, servers=8, seconds=6000, deadline=30, timeout=5, attempts=4, backoff=0.1)

WORDS = {
    "W1": "M/M/1 at 800/s with 1 ms of work, no delay, no policy",
    "W1t": "the same over 1 ms links, with a 2 s timeout and retries",
    "W2": "M/M/8 at 7/s with 1 s of work, a 5 s timeout and 3 retries",
    "W3": "a topic at 100/s to 10 queues, each with 10 consumers and 10 ms of work",
}


def fan_out(load: Workload) -> str:
    """A topic, its queues, and a service for each."""
    work = f"{{exponential: {{mean: {load.work * 1000:g}ms}}}}"
    numbers = range(load.queues)
    queues = "\n".join(f"  queue{n}: {{kind: sqs}}" for n in numbers)
    servers = "\n".join(f"  server{n}: {{kind: service, slots: {load.servers}, takes: {work}}}" for n in numbers)
    links = "\n".join(f"      - topic => queue{n} => server{n}" for n in numbers)
    return f"""\
version: 1
playground: {load.name.lower()}
about: {WORDS[load.name]}
duration: {load.seconds:g}s
nodes:
  web: {{kind: producer, rate: {load.rate:g}/s, deadline: {load.deadline:g}s}}
  topic: {{kind: sns}}
{queues}
{servers}
designs:
  alone:
    links:
      - web => topic
{links}
"""


def playground(load: Workload) -> str:
    """The workload as a person would write it."""
    if load.queues:
        return fan_out(load)
    link = ["link: web -> server"]
    if load.delay:
        link.append(f"delay: {load.delay * 1000:g}ms")
    if load.timeout:
        link.append(f"timeout: {load.timeout:g}s")
        spread = "style: exponential, jitter: full"
        link.append(f"retry: {{attempts: {load.attempts}, backoff: {load.backoff:g}s, {spread}}}")
    work = f"{load.work * 1000:g}ms"
    return f"""\
version: 1
playground: {load.name.lower()}
about: {WORDS[load.name]}
duration: {load.seconds:g}s
nodes:
  web: {{kind: producer, rate: {load.rate:g}/s, deadline: {load.deadline:g}s}}
  server: {{kind: service, replicas: 1, slots: {load.servers}, takes: {{exponential: {{mean: {work}}}}}}}
designs:
  alone:
    links:
      - {{{", ".join(link)}}}
"""


ALL = {load.name: load for load in (W1, W1T, W2, W3)}
