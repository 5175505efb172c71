"""What became of a recording: what was written, what was left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from mockserver.errors import count_noun, printable

# The lines of one kind that are shown.
SHOWN = 20


class Summary(Struct):
    """What became of a recording.

    `records` counts those of the scenario `baseline` by resource, `responses` the overrides of that scenario.
    `redacted` is how often a secret was left out, by the name that it had. The other counts are by a line of text,
    which says what it is about: requests that no operation is declared for (`unmatched`) or that got no complete
    response (`incomplete`), responses that the format cannot hold (`not_kept`), responses that violate the contract and
    are sent all the same (`drift`), requests that violate it, so that the server refuses them (`refused`), records that
    were changed before they were read (`unknown`), and the entries of a HAR file that were not used (`unused`).
    """

    exchanges: int = 0
    files: list[Path] = field(default_factory=list)
    records: dict[str, int] = field(default_factory=dict)
    responses: int = 0
    redacted: Counter[str] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)
    incomplete: Counter[str] = field(default_factory=Counter)
    not_kept: Counter[str] = field(default_factory=Counter)
    drift: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    unused: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """The summary as text."""
        records = ", ".join(f"{count:,} {name}" for name, count in self.records.items() if count) or "no records"
        yield f"Recorded {count_noun(self.exchanges, 'exchange')}: {records}, {count_noun(self.responses, 'response')}"
        if self.redacted:
            yield "Secrets that were left out: " + ", ".join(
                f"{name} ({count:,})" for name, count in sorted(self.redacted.items())
            )
        yield from _section("Requests that the document has no operation for; nothing was written:", self.unmatched)
        yield from _section("Requests without a complete response; nothing was written:", self.incomplete)
        yield from _section("Responses that were not kept:", self.not_kept)
        yield from _section("Responses that violate the document; they are sent as they are recorded:", self.drift)
        yield from _section("Requests that violate the document; the server refuses them:", self.refused)
        yield from _section(
            "Records that were changed before they were read; `baseline` has them as they were afterwards:",
            self.unknown,
        )
        yield from _section("Entries of the file that were not used:", self.unused)


def _section(heading: str, counts: Mapping[str, int]) -> Iterator[str]:
    if not counts:
        return
    yield heading
    shown = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:SHOWN]
    yield from (f"  {count:,}x {printable(text)}" for text, count in shown)
    if len(counts) > SHOWN:
        yield f"  and {len(counts) - SHOWN:,} more kinds"
