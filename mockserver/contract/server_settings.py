"""The settings of a server that replace what its contract declares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from mockserver.contract.model import Contract
from mockserver.contract.resources.upstream_reader import read_passes, read_upstream, trusting_tls
from mockserver.contract.scenarios import load_scenario_file
from mockserver.contract.upstream import TIMEOUT_SECONDS, BadUpstream
from mockserver.contract.webhooks.model import read_secret
from mockserver.documents.source import SUFFIXES
from mockserver.errors import quote
from mockserver.refusals import UnknownScenario


def with_settings(
    contract: Contract,
    *,
    scenario: str | None,
    seed: int | None,
    handler_timeout: float,
    webhook_secret: str | None,
    upstream: str | None,
    passes: Sequence[str],
    upstream_ca: Path | None,
    upstream_timeout: float | None,
) -> Contract:
    """The contract with these settings; each is described by `create_app`.

    Raises UnknownScenario, ContractError, BadUpstream, and ValueError for a `webhook_secret` that is not a secret.
    """
    contract = with_seed(with_default_scenario(contract, scenario), seed)
    contract = _with_webhook_secret(_with_handler_timeout(contract, handler_timeout), webhook_secret)
    return with_upstream(contract, upstream, passes, upstream_ca, upstream_timeout)


def with_default_scenario(contract: Contract, scenario: str | None) -> Contract:
    """The contract with another default scenario: one of its own by name, or one that is read from a file.

    A file is recognized by its suffix, and gives its scenario its name. Raises UnknownScenario and ContractError.
    """
    if scenario is None:
        return contract
    if Path(scenario).suffix in SUFFIXES:
        loaded = load_scenario_file(Path(scenario), contract)
        return replace(contract, scenarios={**contract.scenarios, loaded.name: loaded}, default_scenario=loaded.name)
    if scenario not in contract.scenarios:
        raise UnknownScenario(scenario, contract.scenarios)
    return replace(contract, default_scenario=scenario)


def _with_handler_timeout(contract: Contract, seconds: float) -> Contract:
    """The contract with a time, in seconds, that each function of its `handlers.py` may take."""
    if contract.python is not None:
        contract.python.timeout = seconds
    return contract


def _with_webhook_secret(contract: Contract, secret: str | None) -> Contract:
    """The contract with a secret for each webhook that declares none. Raises ValueError for one that is not valid."""
    key = read_secret(secret) if secret is not None else None
    webhooks = {
        name: webhook if webhook.secret is not None else replace(webhook, secret=key)
        for name, webhook in contract.webhooks.items()
    }
    return replace(contract, webhooks=webhooks) if webhooks and key is not None else contract


def with_seed(contract: Contract, seed: int | None) -> Contract:
    """The contract with the same seed for every scenario; None leaves each its own."""
    if seed is None:
        return contract
    scenarios = {
        name: replace(scenario, seed=seed, data={**scenario.data, "seed": seed})
        for name, scenario in contract.scenarios.items()
    }
    return replace(contract, scenarios=scenarios)


def with_upstream(
    contract: Contract, url: str | None, passes: Sequence[str] = (), ca: Path | None = None,
    timeout: float | None = None,
) -> Contract:  # fmt: skip
    """The contract with an upstream; without a `url`, with the one that it declares, if it declares one.

    `passes` are added to those that it declares. Without a `timeout`, that of the contract stays. Raises BadUpstream.
    """
    if url is not None:
        upstream = read_upstream(url, contract.operations, passes, ca, timeout or TIMEOUT_SECONDS)
        return replace(contract, upstream=upstream)
    declared = contract.upstream
    if declared is None:
        if passes or ca is not None:
            option = "--pass" if passes else "--upstream-ca"
            raise BadUpstream("There is no upstream to pass anything on to: name it with --upstream.", option)
        return _without_upstream(contract)
    names, patterns = read_passes(passes, contract.operations)
    upstream = replace(
        declared,
        operations=declared.operations | names,
        patterns=(*declared.patterns, *patterns),
        timeout=timeout or declared.timeout,
        tls=trusting_tls(ca) or declared.tls,
    )
    return replace(contract, upstream=upstream)


def _without_upstream(contract: Contract) -> Contract:
    """The contract, in which no override may have the upstream respond. Raises BadUpstream."""
    for scenario in contract.scenarios.values():
        if any(override.upstream for override in scenario.responses):
            message = f"The scenario {quote(scenario.name)} has the upstream respond: name it with --upstream."
            raise BadUpstream(message)
    return contract
