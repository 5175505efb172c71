from __future__ import annotations

from pathlib import Path

from mockserver.check import annotation_formats
from mockserver.check.finding import CheckFinding
from mockserver.errors import Problem

FINDINGS = [
    CheckFinding("error", Problem("schemas/a b,c.yaml", "50% is\nwrong: x", "/paths/~1a", 7, "type")),
    CheckFinding("warning", Problem("fixtures/old", "no scenario uses these fixtures", code="unused-fixtures")),
]


def test_a_finding_is_a_workflow_command_escaped_as_github_reads_it(tmp_path: Path) -> None:
    assert annotation_formats.as_github_commands(FINDINGS, tmp_path / "mock", tmp_path) == [
        "::error file=mock/schemas/a b%2Cc.yaml,line=7,title=type::/paths/~1a: 50%25 is%0Awrong: x",
        "::warning file=mock/fixtures/old,title=unused-fixtures::no scenario uses these fixtures",
    ]


def test_findings_are_a_sarif_log_whose_results_name_their_rules(tmp_path: Path) -> None:
    log = annotation_formats.as_sarif(FINDINGS, tmp_path / "mock", tmp_path)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "mockserver"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["type", "unused-fixtures"]
    first, second = run["results"]
    assert [(result["ruleId"], rules[result["ruleIndex"]], result["level"]) for result in (first, second)] == [
        ("type", "type", "error"), ("unused-fixtures", "unused-fixtures", "warning"),
    ]  # fmt: skip


def test_a_result_of_sarif_says_what_is_wrong_and_where(tmp_path: Path) -> None:
    first, second = annotation_formats.as_sarif(FINDINGS, tmp_path / "mock", tmp_path)["runs"][0]["results"]
    assert first["message"] == {"text": "50% is\nwrong: x"}
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "mock/schemas/a%20b%2Cc.yaml"},
                "region": {"startLine": 7},
            },
            "logicalLocations": [{"fullyQualifiedName": "/paths/~1a"}],
        }
    ]
    assert "region" not in second["locations"][0]["physicalLocation"]
    assert first["partialFingerprints"] != second["partialFingerprints"]


def test_a_file_outside_the_working_directory_has_an_absolute_path(tmp_path: Path) -> None:
    here = tmp_path / "here"
    assert annotation_formats.display_path(tmp_path, "api.yaml", here) == (tmp_path / "api.yaml").resolve().as_posix()
    location = annotation_formats.as_sarif(FINDINGS[:1], tmp_path, here)["runs"][0]["results"][0]["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"].startswith("file:///")
