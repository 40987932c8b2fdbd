"""A process that hosts one replica: `python -m topology.live.host --playground FILE --design NAME --node NAME …`.

It reads the same file as the simulated world, makes the same node class, and gives it a live context.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from typing import Any

import aiomqtt

from topology.live import report
from topology.live.context import LiveContext
from topology.live.ends import Unsupported, ends_of
from topology.live.report import Reporter
from topology.live.wire import Wire
from topology.problems import PlaygroundError
from topology.registry import kind
from topology.spec.loading import load

BAD_INPUT = 2
BROKEN = 70


def arguments(line: list[str] | None = None) -> argparse.Namespace:
    """What the process is told."""
    parser = argparse.ArgumentParser(prog="python -m topology.live.host", description="Host one replica of a node.")
    parser.add_argument("--playground", required=True, help="the file")
    parser.add_argument("--design", required=True)
    parser.add_argument("--node", required=True)
    parser.add_argument("--index", type=int, default=0, help="which replica, from 0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", required=True, help="HOST:PORT")
    parser.add_argument("--run", required=True, help="the first part of all topics")
    parser.add_argument("--events", type=int, required=True, help="the file descriptor that events are written to")
    return parser.parse_args(line)


async def serve(told: argparse.Namespace) -> None:
    """Be that replica until the process is ended."""
    asyncio.get_running_loop().set_exception_handler(broken)
    playground = load(told.playground)
    ends = ends_of(playground, playground.design(told.design), told.node, told.index)
    reporter = Reporter(told.events, f"{told.node}/{told.index}")
    context = LiveContext(ends, told.index, told.seed, kind(ends.node.kind)(), reporter)
    host, _, port = told.broker.rpartition(":")
    wire = Wire((host, int(port)), told.run, context.name, context.hear)
    context.start(wire)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wire.run())
        await wire.up.wait()
        reporter.say(report.READY, number=os.getpid())


def broken(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An error that nobody caught ends the process, but for what aiomqtt leaves behind when its broker goes."""
    error = context.get("exception")
    loop.default_exception_handler(context)
    if error is not None and not isinstance(error, OSError | aiomqtt.MqttError):
        raise SystemExit(BROKEN)


def main() -> None:
    """Run it, and say in one line what cannot be run."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        asyncio.run(serve(arguments()))
    except (PlaygroundError, Unsupported, KeyError) as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
