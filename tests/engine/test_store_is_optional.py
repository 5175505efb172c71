"""Redis and what belongs to it are imported only where `--store` is used."""

from __future__ import annotations

import subprocess
import sys

SERVE = """
import sys
import mockserver
from mockserver.cli import serve
client = mockserver.create_app().test_client()
assert client.get("/admin/jobs").status_code == 200
assert client.post("/__mock/reset").status_code == 200
print([name for name in sys.modules if name.partition(".")[0] == "redis" or name.startswith("mockserver.engine.shared")])
"""


def test_serving_without_a_store_imports_neither_redis_nor_the_shared_sandboxes() -> None:
    done = subprocess.run([sys.executable, "-c", SERVE], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
