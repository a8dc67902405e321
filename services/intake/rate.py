"""Token buckets, one a participant. Pure: the time is an argument."""


class Buckets:
    """`rate` requests a second each; a bucket holds one second's worth, so a burst of that size passes."""

    def __init__(self, rate: float) -> None:
        if rate <= 0:
            raise ValueError("a rate is above 0")
        self._rate, self._size = rate, max(rate, 1.0)
        self._buckets: dict[str, tuple[float, float]] = {}  # code → tokens, as of when

    def take(self, code: str, now: float) -> float:
        """0.0 and a token is taken, or the seconds until there is one. `now`: seconds that never go back."""
        tokens, since = self._buckets.get(code, (self._size, now))
        tokens = min(self._size, tokens + max(0.0, now - since) * self._rate)
        if tokens < 1.0:
            self._buckets[code] = (tokens, now)
            return (1.0 - tokens) / self._rate
        self._buckets[code] = (tokens - 1.0, now)
        return 0.0
