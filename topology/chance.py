"""Counter-based chance: every draw is a hash of who draws, for what, and for which message, never a shared stream.

So each design sees the same dice, and a change at one instant moves nothing that is unrelated to it. Logarithms and
exponentials are computed by our own additions, multiplications and divisions, so that no library's last bit decides.
"""

from __future__ import annotations

import math
from typing import Final

from mypy_extensions import i64

MASK: Final = 0xFFFFFFFF
LN2: Final = 0.6931471805599453
STEP: Final = 1.0 / 4294967296.0


def mix(x: i64) -> i64:
    """Scramble 32 bits; every product stays below 2**63, so compiled and plain Python agree."""
    x = (x ^ (x >> 16)) & 0xFFFFFFFF
    x = (x * 0x7FEB352D) & 0xFFFFFFFF
    x = x ^ (x >> 15)
    x = (x * 0x2C1B3C6D) & 0xFFFFFFFF
    x = x ^ (x >> 16)
    x = (x * 0x297A2D39) & 0xFFFFFFFF
    return x ^ (x >> 15)


def text_hash(text: str, start: i64 = 0x811C9DC5) -> i64:
    """A 32-bit hash of a text (FNV-1a over UTF-8, then mixed)."""
    h: i64 = start
    for byte in text.encode():
        b: i64 = byte
        h = ((h ^ b) * 0x01000193) & 0xFFFFFFFF
    return mix(h)


class Dice:
    """A source of draws for one purpose of one named thing: the n-th draw is always the same."""

    def __init__(self, seed: int, *names: str) -> None:
        low: i64 = seed & 0xFFFFFFFF
        high: i64 = (seed >> 32) & 0xFFFFFFFF
        a: i64 = mix(low ^ 0x5BD1E995)
        b: i64 = mix(high ^ 0x1B873593 ^ a)
        for name in names:
            a = mix(a ^ text_hash(name))
            b = mix((b + text_hash(name, 0x01234567)) & 0xFFFFFFFF)
        self.a: i64 = a
        self.b: i64 = b

    def bits(self, n: i64, visit: i64) -> i64:
        """32 bits for the n-th thing on its visit."""
        x: i64 = mix((n & 0xFFFFFFFF) ^ self.a)
        x = (x + self.b + (n >> 32) * 0x3C6EF372 + visit * 0x1E3779B9) & 0xFFFFFFFF
        return mix(x)

    def uniform(self, n: i64, visit: i64) -> float:
        """A number strictly between 0 and 1 for the n-th thing on its visit.

        The same as from `bits`, written out: this is where a simulation spends its time.
        """
        x: i64 = (n & 0xFFFFFFFF) ^ self.a
        x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
        x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
        x = ((x ^ (x >> 16)) * 0x297A2D39) & 0xFFFFFFFF
        x = ((x ^ (x >> 15)) + self.b + (n >> 32) * 0x3C6EF372 + visit * 0x1E3779B9) & 0xFFFFFFFF
        x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
        x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
        x = ((x ^ (x >> 16)) * 0x297A2D39) & 0xFFFFFFFF
        return (float(x ^ (x >> 15)) + 0.5) * STEP


def ln(x: float) -> float:
    """The natural logarithm of a positive number, by our own arithmetic (error below 1e-12 relative to 1)."""
    k = 0
    while x < 0.7071067811865476:
        if x < 1.5e-5:
            x *= 65536.0
            k -= 16
        else:
            x *= 2.0
            k -= 1
    while x > 1.4142135623730951:
        if x > 65536.0:
            x *= 1.52587890625e-05
            k += 16
        else:
            x *= 0.5
            k += 1
    s = (x - 1.0) / (x + 1.0)
    t = s * s
    p = 1.0 / 15.0
    p = p * t + 1.0 / 13.0
    p = p * t + 1.0 / 11.0
    p = p * t + 1.0 / 9.0
    p = p * t + 1.0 / 7.0
    p = p * t + 1.0 / 5.0
    p = p * t + 1.0 / 3.0
    p = p * t + 1.0
    return 2.0 * s * p + float(k) * LN2


def exp(x: float) -> float:
    """e to the power of x, by our own arithmetic; 0 below -700 and capped at e**700."""
    if x < -700.0:
        return 0.0
    if x > 700.0:
        x = 700.0
    k = int(x / LN2 + (0.5 if x >= 0.0 else -0.5))
    r = x - float(k) * LN2
    p = 1.0
    n = 14
    while n > 0:
        p = 1.0 + r * p / float(n)
        n -= 1
    while k > 0:
        p *= 2.0
        k -= 1
    while k < 0:
        p *= 0.5
        k += 1
    return p


def normal(u: float) -> float:
    """The standard normal quantile of u in (0, 1): Acklam's rational approximation (relative error below 1.2e-9)."""
    if u < 0.02425:
        q = math.sqrt(-2.0 * ln(u))
        return _tail(q)
    if u > 0.97575:
        q = math.sqrt(-2.0 * ln(1.0 - u))
        return -_tail(q)
    q = u - 0.5
    r = q * q
    top = -3.969683028665376e01 * r + 2.209460984245205e02
    top = top * r - 2.759285104469687e02
    top = top * r + 1.383577518672690e02
    top = top * r - 3.066479806614716e01
    top = top * r + 2.506628277459239e00
    low = -5.447609879822406e01 * r + 1.615858368580409e02
    low = low * r - 1.556989798598866e02
    low = low * r + 6.680131188771972e01
    low = low * r - 1.328068155288572e01
    return top * q / (low * r + 1.0)


def _tail(q: float) -> float:
    top = -7.784894002430293e-03 * q - 3.223964580411365e-01
    top = top * q - 2.400758277161838e00
    top = top * q - 2.549732539343734e00
    top = top * q + 4.374664141464968e00
    top = top * q + 2.938163982698783e00
    low = 7.784695709041462e-03 * q + 3.224671290700398e-01
    low = low * q + 2.445134137142996e00
    low = low * q + 3.754408661907416e00
    return top / (low * q + 1.0)
