"""Sound playgrounds that the tests read, damage and write again."""

from __future__ import annotations

SHOP = """\
version: 1
playground: shop
about: Orders placed at the web shop reach inventory.
duration: 3m
nodes:                                   # every design has these
  web:       {kind: producer, rate: 100/s, deadline: 2s}
  orders:    {kind: service, replicas: 3, slots: 8, takes: {median: 15ms, p99: 60ms}}
  inventory: {kind: service, replicas: 2, slots: 8, takes: {median: 20ms, p99: 90ms}}
designs:
  coupled:
    links:
      - web -> orders -> inventory
  decoupled:
    nodes:
      front:   {kind: load_balancer}
      backlog: {kind: sqs, visibility: 30s, dead_letter: {to: graveyard, after: 5}}
      graveyard: {kind: sqs}
    links:
      - web -> front -> orders => backlog => inventory
timeline:
  - {at: 30s, inject: crash, on: inventory, for: 60s}
steady:
  - {in: all, that: web.success, is: ">= 99%"}
expect:
  - {in: coupled,   that: web.success, during: fault, is: "< 20%"}
  - {in: decoupled, that: web.success, during: all,   is: ">= 99.9%"}
  - {in: decoupled, that: web.lost,    during: all,   is: "= 0"}
"""

EVERYTHING = """\
playground: everything
duration: 5m
seed: 42
warmup: 2s
settle: 10s
drain: 1m30s
grid: 50ms
lesson: "Much can go wrong."
price: 'And much does.'
nodes:
  web:
    kind: producer
    rate: 60/m
    work: [app, store]
  app:
    kind: service
    replicas: 4
    takes: {exponential: {mean: 20ms}}
    queue: {limit: 100}
    dice: &dice app
  store: {kind: service, takes: {pareto: {min: 5ms, alpha: 2.1}}, cores: 2}
  bank: {kind: endpoint, takes: {uniform: {low: 1ms, high: 9ms}}, errors: 1%}
designs:
  plain:
    about: Everything calls everything.
    links:
      - web -> app
      - {link: app -> store, timeout: 1s, retry: {attempts: 3, backoff: 100ms, jitter: full}, wiring: list}
      - {link: app -> bank, optional: true, timeout: {after: 500ms}, delay: 2ms}
  queued:
    nodes:
      app: {replicas: 2, queue: null}
      jobs: {kind: sqs, retention: 1h, visibility: 1m}
      front: {kind: load_balancer, health_check: {interval: 1s}}
    links:
      - "web -> front -> app => jobs"
      - {link: jobs => store, batch: 10, wait: 5s, on_failure: release}
      - store -> bank
timeline:
  - {at: 10s, inject: latency, on: app -> store, in: plain, extra: {median: 50ms, p99: 1s}, jitter: 5ms, for: 20s}
  - {at: 20s, inject: slow, on: [one:app, store/0], factor: 20, ramp: 5s, probability: 50%, for: 30s}
  - {at: 30s, inject: errors, on: kind:service, share: 10%}
  - {at: 60s, scale: app, to: 6}
  - {at: 70s, rewire: app, in: [plain]}
  - {at: 80s, set: jobs.visibility, to: 10s}
  - {at: 90s, rate: web, to: 200/s}
  - {at: 95s, redrive: jobs}
  - {at: 99s, heal: all}
steady:
  - {that: web.success, is: ">= 99%", min: 50}
expect:
  - {that: web.latency.p99, during: 40s..60s, is: "< 250ms", seeds: 19 of 20}
  - {in: [queued], that: jobs.depth.max, during: recovery, is: "<= 1,000"}
  - {that: web.goodput, during: after, is: "> 10/s"}
  - {that: store.unhealthy, is: "= 0"}
"""

KEPT = f"""\
{SHOP}run:
  seed: 7
  end: 2m30s
  digest: 0123456789abcdef
  commands:
    - {{at: 30000000001ns, inject: crash, on: [inventory], for: 1m}}
    - {{at: 70s, scale: orders, to: 5, in: [coupled]}}
"""

BRACES = (
    '{"playground": "small", "duration": "10s", "nodes": {"web": {"kind": "producer", "rate": "5/s"}, '
    '"app": {"kind": "service"}}, "designs": {"only": {"links": ["web -> app"]}}}'
)

EXAMPLES = (SHOP, EVERYTHING, KEPT, BRACES)
