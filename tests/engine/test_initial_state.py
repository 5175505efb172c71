from __future__ import annotations

import subprocess
import sys

from mockserver import Contract
from mockserver.engine.seeding.key_generator import KeyGenerator
from mockserver.engine.start import Start

FINGERPRINTS = """
from mockserver import load_contract
from mockserver.engine.start import Start
contract = load_contract()
for name in sorted(set(contract.scenarios) - {"happy-path"}):  # which begins now
    print(name, Start(contract, contract.scenarios[name]).fingerprint)
"""


def test_five_thousand_jobs_are_generated_each_with_a_life_that_agrees(built_in: Contract) -> None:
    state = Start(built_in, built_in.scenarios["large-queue"]).state
    lifecycle = built_in.resources["jobs"].lifecycle
    assert lifecycle is not None
    jobs = [row.record for row in state.tables["jobs"].ordered()]
    assert len(jobs) == 5_000
    assert {job["status"] for job in jobs} == set(lifecycle.states)
    assert {job["type"] for job in jobs} == {"transcription", "summarization"}
    for job in jobs:
        current = lifecycle.initial
        log = [row.record for row in state.tables["job_events"].group("job_id", job["id"])]
        for entry in log:
            assert current in lifecycle.transitions[entry["event_type"]].sources
            current = lifecycle.transitions[entry["event_type"]].target
        stamps = [entry["at"] for entry in log]
        assert current == job["status"]
        assert stamps == sorted(set(stamps))
        assert not log or stamps[-1] == job["updated_at"]
        assert state.has_record("sessions", job["session_id"])


def test_every_scenario_begins_the_same_in_any_process() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FINGERPRINTS],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}, stdout=subprocess.PIPE, text=True,
        )
        for seed, zone, locale in (("1", "UTC", "C"), ("2", "Asia/Kathmandu", "C.UTF-8"))
    ]  # fmt: skip
    first, second = (process.communicate(timeout=60)[0] for process in processes)
    assert first == second
    assert len(first.splitlines()) == 11


def test_a_key_looks_like_the_ones_there_are(small: Contract, built_in: Contract) -> None:
    assert KeyGenerator(built_in.resources["jobs"]).key(1, {"job-1"}.__contains__) == "job-2"
    assert KeyGenerator(built_in.resources["jobs"], "task 7").key(3, set[str]().__contains__) == "task 3"
    assert KeyGenerator(small.resources["owners"]).key(1, {1, 2}.__contains__) == 3
