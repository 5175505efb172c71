from __future__ import annotations

from mockserver import Contract
from mockserver.check.reachability import StateNode, applicable_rules, paths_from, reachable_states
from mockserver.contract.model import Rule


def test_a_record_comes_to_every_place_by_the_shortest_way(built_in: Contract) -> None:
    lifecycle = built_in.resources["jobs"].lifecycle
    assert lifecycle is not None
    assert paths_from(lifecycle, StateNode("running", None)) == {
        StateNode("running", None): (),
        StateNode("succeeded", "succeed"): ("succeed",),
        StateNode("failed", "fail"): ("fail",),
        StateNode("cancelled", "cancel"): ("cancel",),
        StateNode("queued", "retry"): ("fail", "retry"),
        StateNode("running", "start"): ("fail", "retry", "start"),
    }
    assert paths_from(lifecycle, StateNode("cancelled", "cancel")) == {StateNode("cancelled", "cancel"): ()}
    assert reachable_states(lifecycle) == {"queued", "running", "succeeded", "failed", "cancelled"}


def test_a_rule_is_met_unless_another_always_comes_before_it() -> None:
    rules = [
        Rule("queued", "start", 1, 1, {"type": "a"}, 1),
        Rule("queued", "cancel", 1, 1),
        Rule("queued", "start", 1, 1),
        Rule("failed", "retry", 1, 1),
    ]
    assert applicable_rules(rules, "status", {"type": "a", "status": "running"}, {"queued", "running"}) == {0, 1}
    assert applicable_rules(rules, "status", {"type": "b", "status": "failed"}, {"queued", "failed"}) == {1, 3}
