"""Requests that are passed on to the upstream, and to which it does not respond."""

from __future__ import annotations

from mockserver.errors import Refusal


class UpstreamFailed(Refusal):
    """The upstream at `url` gave no response that can be passed on, for `reason`."""

    code = "upstream-failed"

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The upstream {url} gave no usable response: {reason}.", upstream=url, reason=reason)


class UpstreamTimeout(Refusal):
    """The upstream at `url` sent nothing for `seconds`."""

    code = "upstream-timeout"

    def __init__(self, url: str, seconds: float) -> None:
        self.reason = f"it sent nothing for {seconds:g} s"
        super().__init__(
            f"The upstream {url} sent nothing for {seconds:g} s; --upstream-timeout sets how long to wait.",
            upstream=url,
            seconds=seconds,
        )


class UpstreamLoop(Refusal):
    """The server has passed the request on before: the upstream at `url` leads back to it."""

    code = "upstream-loop"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"The upstream {url} leads back to this server, which has passed this request on before (see its header "
            "Via). Name the address of the real backend with --upstream.",
            upstream=url,
        )
