"""Logs of every format as instants: recognised, ordered, merged, cut, refused line by line. Every line is of our own making."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.importers.replay import WINDOW, Cursor, Replay, read_replay
from topology.importers.stamps import common_ns, iso_ns, seconds_ns
from topology.problems import PlaygroundError

S = 1_000_000_000
MS = 1_000_000


def replay(*paths: Path, **changes: Any) -> Replay:
    """What these files are read as."""
    values: dict[str, Any] = {"format": "auto", "column": None, "faster": 1.0, "gaps": "keep", "longest_gap": None}
    return read_replay({**values, "lenient": False, "log": [str(path) for path in paths], **changes})


def instants(found: Replay) -> list[int]:
    """All its instants."""
    cursor, at_ns = Cursor(found), []
    while chunk := cursor.more():
        at_ns += chunk
    return at_ns


def written(folder: Path, lines: list[str], name: str = "own.log") -> Path:
    """A file of these lines."""
    path = folder / name
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def common(second: int, rest: str = '"GET / HTTP/1.1" 200 12') -> str:
    """A line in the Common Log Format, so many seconds after ten."""
    return f"198.51.100.9 - - [12/Jan/2026:10:{second // 60:02d}:{second % 60:02d} +0000] {rest}"


GOOD = {
    "plain": '198.51.100.9 - - [12/Jan/2026:10:00:07 +0000] "GET /a HTTP/1.1" 200 12',
    "nobody knows how long": '198.51.100.9 - - [12/Jan/2026:10:00:07 +0000] "HEAD /a HTTP/1.1" 304 -',
    "a user and a longer address": '2001:db8::7 ident ada [12/Jan/2026:10:00:07 +0000] "GET /a HTTP/2.0" 200 12',
    "a user with a space": '198.51.100.9 - ada b [12/Jan/2026:10:00:07 +0000] "GET /a HTTP/1.1" 200 12',
    "no request": '198.51.100.9 - - [12/Jan/2026:10:00:07 +0000] "-" 408 -',
    "an empty request": '198.51.100.9 - - [12/Jan/2026:10:00:07 +0000] "" 400 0',
    "another zone": '198.51.100.9 - - [12/Jan/2026:12:30:07 +0230] "GET /a HTTP/1.1" 200 12',
    "a virtual host before": 'shop.example:443 198.51.100.9 - - [12/Jan/2026:10:00:07 +0000] "GET /a HTTP/1.1" 200 12',
    "combined": '198.51.100.9 - - [12/Jan/2026:10:00:07 +0000] "GET /a HTTP/1.1" 200 12 "https://a.example/" "Agent/1 (X; [y])"',
    "escaped quotes": r'198.51.100.9 - - [12/Jan/2026:10:00:07 +0000] "GET /?q=\"x\" HTTP/1.1" 200 12 "-" "says \"hello\""',
    "more behind": '198.51.100.9 - - [12/Jan/2026:10:00:07 +0000] "GET /a HTTP/1.1" 200 12 "-" "-" 0.004 "for=-"',
    "no UTF-8": '198.51.100.9 - - [12/Jan/2026:10:00:07 +0000] "GET /\udcff HTTP/1.1" 200 12',
    "elb": (
        "2026-01-12T10:00:07.000000Z own-lb 198.51.100.9:4321 10.0.0.5:80 0.000072 0.001053 0.000061 200 200 0 29 "
        '"GET http://shop.example:80/ HTTP/1.1" "curl/8.0" - -'
    ),
    "elb, nobody answered": (
        "2026-01-12T10:00:07.000000Z own-lb 198.51.100.9:4321 - -1 -1 -1 503 0 0 0 "
        '"GET http://shop.example:80/ HTTP/1.1" "curl/8.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2'
    ),
    "elb, a TCP listener": (
        '2026-01-12T10:00:07.000000Z own-lb 198.51.100.9:4321 10.0.0.5:80 0.001069 0.000028 0.000041 - - 82 305 "- - - " "-" - -'
    ),
    "alb": (
        "https 2026-01-12T10:00:09.186641Z app/own-lb/0123456789abcdef 198.51.100.9:4321 10.0.0.5:80 0.086 0.048 0.037 "
        '200 200 0 57 "GET https://shop.example:443/ HTTP/1.1" "curl/8.0 \\"x\\"" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
        'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/own/0123456789abcdef "Root=1-58337281-0123456789abcdef" '
        '"shop.example" "arn:aws:acm:eu-west-1:123456789012:certificate/own" 1 2026-01-12T10:00:07.000000Z "forward" "-" "-" '
        '"10.0.0.5:80" "200" "-" "-"'
    ),
    "alb, nobody answered": (
        "h2 2026-01-12T10:00:09.186641Z app/own-lb/0123456789abcdef 198.51.100.9:4321 - -1 -1 -1 502 - 0 57 "
        '"GET https://shop.example:443/ HTTP/2.0" "-" - - - "-" "-" "-" 0 2026-01-12T10:00:07.000000Z "forward" "-" "-" '
        '"-" "-" "-" "-"'
    ),
    "csv": "2026-01-12T10:00:07Z,GET,/a",
}


@pytest.mark.parametrize("name", GOOD)
def test_each_format_is_recognised_by_itself(tmp_path: Path, name: str) -> None:
    path = tmp_path / "own.log"
    other = GOOD[name].replace("10:00:07", "10:00:05").replace("12:30:07", "12:30:05")
    path.write_bytes(f"{other}\n{GOOD[name]}\n".encode(errors="surrogateescape"))
    found = replay(path)
    assert found.logs[0].format == {"elb": "elb", "alb": "alb", "csv": "csv"}.get(name[:3], "common")
    assert instants(found) == [0, 2 * S]
    assert (found.count, found.mean_rate) == (2, 1.0)


def test_a_format_that_is_named_is_held_to(tmp_path: Path) -> None:
    path = written(tmp_path, [GOOD["combined"], GOOD["plain"]])
    assert replay(path, format="common").count == 2
    with pytest.raises(ValueError, match=r"own\.log:2: not a line of an access log \(Combined Log Format"):
        replay(path, format="combined")
    with pytest.raises(ValueError, match=r"own\.log:1: not a line of a Classic Load Balancer's access log"):
        replay(path, format="elb")
    with pytest.raises(ValueError, match="'column' belongs to a table"):
        replay(path, format="common", column="at")


BAD = [
    "not a line of a log",
    common(3)[:-20],
    common(3).replace("12/Jan", "32/Jan"),
    common(3).replace("Jan", "Jab"),
    common(3).replace("10:00:03", "25:00:03"),
    common(3).replace("10:00:03", "10:00:61"),
    common(3, '"GET / HTTP/1.1" 200 many'),
    common(3, '"GET / HTTP/1.1 200 12'),
    "x" * 200_000,
]


@pytest.mark.parametrize("line", BAD)
@pytest.mark.parametrize("name", ["own.log", "own.log.gz"])
def test_a_line_that_is_none_is_refused_by_its_number(tmp_path: Path, line: str, name: str) -> None:
    lines = [common(k) for k in range(20)]
    lines[12] = line
    path = written(tmp_path, lines, name)
    with pytest.raises(ValueError, match=rf"{name}:13: not a line of an access log \(Common or Combined Log Format\)") as caught:
        replay(path)
    assert "lenient" in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))


def test_lenient_skips_and_counts(tmp_path: Path) -> None:
    lines = [common(k) for k in range(20)]
    lines[4] = lines[12] = "not a line of a log"
    lines[15] = ""
    path = written(tmp_path, lines)
    found = replay(path, lenient=True)
    assert (found.count, found.skipped, found.first_skipped) == (17, 2, f"{path}:5")
    assert instants(found) == [k * S for k in range(20) if k not in (4, 12, 15)]


def test_a_file_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"own\.log:1: not a line of an access log .*ELB.*format"):
        replay(written(tmp_path, ["Dear diary,", "today nothing broke."]))
    with pytest.raises(ValueError, match="has no lines"):
        replay(written(tmp_path, ["", ""]))
    cut = gzip.compress("".join(f"{common(k)}\n" for k in range(60)).encode())[:-30]
    for content in (b"no gzip", cut):
        (tmp_path / "own.log.gz").write_bytes(content)
        with pytest.raises(ValueError, match="cannot be read"):
            replay(tmp_path / "own.log.gz")


def test_whole_seconds_are_spread_evenly(tmp_path: Path) -> None:
    found = replay(written(tmp_path, [common(k) for k in (0, 1, 1, 1, 1, 3, 3)]))
    assert instants(found) == [0, S, S + S // 4, S + S // 2, S + 3 * S // 4, 3 * S, 3 * S + S // 2]


def test_a_table_of_instants(tmp_path: Path) -> None:
    rows = ['2026-01-12T10:00:01.5Z,"a, b"', "2026-01-12 10:00:01.75,x", "2026-01-12T11:00:02+01:00,x", ""]
    assert instants(replay(written(tmp_path, rows, "own.csv"))) == [0, 250 * MS, 500 * MS]
    assert instants(replay(written(tmp_path, ["at,what", "12.5,a", "12.5,b", "13,c"], "own.csv"))) == [0, 0, 500 * MS]
    named = written(tmp_path, ["what, at", "a,1768212000.25", '"x, y",1768212001.5'], "own.csv")
    assert instants(replay(named, column="at")) == [0, 1250 * MS]
    with pytest.raises(ValueError, match="has no column 'when'; its heading has what, at"):
        replay(named, column="when")
    with pytest.raises(ValueError, match=r"own\.csv:3: not a row with an instant"):
        replay(written(tmp_path, ["at", "1", "soon", "3"], "own.csv"))


def test_a_little_disorder_is_put_right(tmp_path: Path) -> None:
    """Servers write a line when they have answered, so a slow request stands behind later ones."""
    dice = random.Random(7)
    at = sorted(dice.randrange(0, 50 * 3600 * 1000) for _ in range(80_000))
    late = sorted(at, key=lambda t: t + dice.choice([0, 0, 0, 5_000, 60_000]))
    found = instants(replay(written(tmp_path, [f"{t / 1000:.3f}" for t in late], "own.csv")))
    assert found == [(t - at[0]) * MS for t in at]


def test_what_stands_far_too_late_is_refused_or_counted(tmp_path: Path) -> None:
    lines = [f"{k}.25" for k in range(10, 4 * WINDOW)]
    lines.append("3.5")
    path = written(tmp_path, lines, "own.csv")
    with pytest.raises(ValueError, match=rf"own\.csv:{len(lines)}: this is more than {WINDOW:,} lines out of order"):
        replay(path)
    found = replay(path, lenient=True)
    assert (found.count, found.skipped, found.first_skipped) == (len(lines) - 1, 1, f"{path}:{len(lines)}")


def test_a_busy_second_is_spread_over_itself_however_many_lines_it_has(tmp_path: Path) -> None:
    n = 3 * WINDOW
    found = instants(replay(written(tmp_path, [common(1)] * n + [common(2)])))
    assert found == [*(S * k // n for k in range(n)), S]


def test_several_files_are_merged_by_time(tmp_path: Path) -> None:
    a = written(tmp_path, [common(k) for k in (5, 7, 9)], "a.log")
    b = written(tmp_path, ["at", "2026-01-12T10:00:06.5Z", "2026-01-12T10:00:08.5Z"], "b.csv")
    assert instants(replay(a, b)) == [0, 1500 * MS, 2 * S, 3500 * MS, 4 * S]
    assert replay(b, a).text == replay(a, b).text


def test_faster(tmp_path: Path) -> None:
    path = written(tmp_path, [common(k) for k in (0, 30, 90)])
    found = replay(path, faster=60.0)
    assert instants(found) == [0, S // 2, 3 * S // 2]
    assert found.mean_rate == pytest.approx(2.0)


def test_long_silences_are_cut(tmp_path: Path) -> None:
    path = written(tmp_path, [common(k) for k in (0, 4, 100, 101, 140, 150)])
    assert [b - a for a, b in pairwise(instants(replay(path)))] == [4 * S, 96 * S, S, 39 * S, 10 * S]
    cut = instants(replay(path, gaps="cut"))
    assert [b - a for a, b in pairwise(cut)] == [4 * S, 10 * S, S, 10 * S, 10 * S]
    short = instants(replay(path, gaps="cut", longest_gap=2 * S))
    assert [b - a for a, b in pairwise(short)] == [2 * S, 2 * S, S, 2 * S, 2 * S]
    quick = instants(replay(path, gaps="cut", longest_gap=2 * S, faster=10.0))
    assert [b - a for a, b in pairwise(quick)] == [400 * MS, 2 * S, 100 * MS, 2 * S, S]
    with pytest.raises(ValueError, match="needs 'gaps: cut'"):
        replay(path, longest_gap=S)


def test_the_digest_is_of_what_comes_and_not_of_how_it_is_written(tmp_path: Path) -> None:
    plain = replay(written(tmp_path, [common(k) for k in range(9)], "a.log"))
    other = replay(written(tmp_path, [common(k, '"GET /other HTTP/1.1" 404 1 "-" "-"') for k in range(9)], "b.log.gz"))
    assert plain.text == other.text
    assert replay(written(tmp_path, [common(k) for k in range(10)], "c.log")).text != plain.text
    assert replay(tmp_path / "a.log", faster=2.0).text != plain.text


def test_a_log_that_changed_meanwhile_is_not_run(tmp_path: Path) -> None:
    path = written(tmp_path, [common(k) for k in range(9)])
    found = replay(path)
    path.write_text(f"{common(1)}\n")
    with pytest.raises(PlaygroundError, match="has changed since"):
        Cursor(found)
    os.remove(path)
    with pytest.raises(PlaygroundError, match="can no longer be read"):
        Cursor(found)


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_instants_as_python_reads_them(at: datetime, zone: int) -> None:
    away = at.replace(tzinfo=timezone(timedelta(minutes=zone)))
    epoch = (away - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    sign, minutes = "-" if zone < 0 else "+", abs(zone)
    text = away.strftime("%Y").rjust(4, "0") + away.strftime("-%m-%dT%H:%M:%S.%f")
    assert iso_ns(f"{text}{sign}{minutes // 60:02d}:{minutes % 60:02d}".encode()) == epoch
    stamp = away.strftime("%d/%b/") + away.strftime("%Y").rjust(4, "0") + away.strftime(":%H:%M:%S ")
    assert common_ns(f"{stamp}{sign}{minutes // 60:02d}{minutes % 60:02d}".encode()) == epoch // S * S


def test_seconds() -> None:
    assert seconds_ns(b"12") == 12 * S
    assert seconds_ns(b"12.000000001") == 12 * S + 1
    assert seconds_ns(b"1768212001.123456789") == 1_768_212_001_123_456_789
    assert [seconds_ns(text) for text in (b"", b"-1", b"1e3", b"nan", b"12s", b"1768212001123")] == [None] * 6


MEASURE = """
import re, sys
from pathlib import Path
from topology.importers.replay import Cursor, read_replay
values = {"format": "auto", "column": None, "faster": 1.0, "gaps": "keep", "longest_gap": None, "lenient": False}
cursor, n = Cursor(read_replay({**values, "log": sys.argv[1:]})), 0
while chunk := cursor.more():
    n += len(chunk)
print(n, re.search(r"VmHWM:\\s*([0-9]+)", Path("/proc/self/status").read_text())[1])
"""
"""The peak is that of this process alone: what getrusage says begins with what its parent held."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads what the kernel says of the process")
def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    """Ten times the lines, and at most 8 MB more."""
    used = []
    for n in (70_000, 700_000):
        path = written(tmp_path, [common(k // 400) for k in range(n)])
        done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
        lines, peak = map(int, done.stdout.split())
        assert lines == n
        used.append(peak)
    assert used[1] - used[0] < 8_192, used
