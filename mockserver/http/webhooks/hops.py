"""How many deliveries have led to a request: a webhook that leads to itself again would go on for ever."""

from __future__ import annotations

from mockserver.http.messages import Request
from mockserver.refusals import WebhookLoop

# In the form in which requests have their headers.
HOPS_HEADER = "X-Mock-Webhook-Hops"
HOPS_LIMIT = 5


def read_hops(request: Request) -> int:
    """The value of the header with which deliveries say so, of which clients need none. Raises WebhookLoop."""
    text = request.header(HOPS_HEADER) or ""
    hops = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(HOPS_LIMIT)) + 2 else 0
    if hops >= HOPS_LIMIT:
        raise WebhookLoop(hops)
    return hops
