"""What is installed from the wheel, in an environment of its own, is all there."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from mockserver.version import __version__
from tests.attack.scale import IS_FULL
from tests.cli.test_main import SECONDS

ROOT = Path(__file__).parent.parent
PAGES = ("/__mock/", "/__mock/docs", "/admin/queue", "/tutor", "/tutor/courses/course-algebra")
# Stylesheets, scripts and icons of a page; the modules that a module imports; the pictures that a style sheet shows.
LINKED = re.compile(
    r"""(?:\bsrc=|\brel="(?:stylesheet|icon)" href=|<link[^>]*\bhref=|\bfrom |\bimport |url\()["']([^"'#?]+)"""
)
BUILD_SECONDS = 240


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("distributions")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, timeout=BUILD_SECONDS, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def installed(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment that holds the wheel and what it needs.

    In the full tests pip installs what the wheel says that it needs; else it is what the tests run with.
    """
    environment = tmp_path_factory.mktemp("wheel") / "env"
    wheel = next(distributions.glob("mockserver-*.whl"))
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install", "--quiet"]
    options = [] if IS_FULL else ["--no-deps", "--no-compile"]
    subprocess.run([*pip, *options, str(wheel)], check=True, timeout=BUILD_SECONDS)
    if not IS_FULL:
        packages = next(environment.glob("lib/python*/site-packages"))
        # A path is added without the `.pth` files in it, such as that of a checkout which is installed as editable.
        (packages / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


@pytest.fixture(scope="module")
def url(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server from there, started in an empty folder."""
    command = [str(installed / "mockserver"), "serve", "--port", "0"]
    folder = tmp_path_factory.mktemp("empty")
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield next(line.split()[-1] for line in process.stdout or () if line.startswith("Listening on"))
        finally:
            process.terminate()
            process.wait(SECONDS)


def test_every_page_and_everything_that_it_is_made_of_is_served(url: str) -> None:
    waiting, seen = [url + page for page in PAGES], set[str]()
    while waiting:
        address = waiting.pop()
        if address in seen or urlsplit(address).netloc != urlsplit(url).netloc:
            continue
        seen.add(address)
        response = requests.get(address, timeout=SECONDS)
        assert response.status_code == 200, address
        if "swagger-ui" not in address and response.headers["Content-Type"].startswith(
            ("text/html", "text/css", "text/javascript", "application/javascript")
        ):
            waiting += [urljoin(address, result) for result in LINKED.findall(response.text)]
    kinds = {Path(urlsplit(address).path).suffix for address in seen}
    assert {".js", ".css", ".svg"} <= kinds
    assert len(seen) > 30


def test_the_built_in_contract_comes_along(url: str) -> None:
    assert requests.get(f"{url}/admin/jobs", timeout=SECONDS).json()["total"] == 36


@pytest.mark.full
def test_the_check_is_installed_too(installed: Path) -> None:
    checked = subprocess.run(
        [str(installed / "mockserver"), "check"], capture_output=True, text=True, timeout=BUILD_SECONDS
    )
    assert checked.returncode == 0
    assert "No errors found" in checked.stdout


def test_wheel_and_source_distribution_are_fit_for_a_registry(distributions: Path) -> None:
    files = sorted(distributions.iterdir())
    assert [path.name for path in files] == [
        f"mockserver-{__version__}-py3-none-any.whl",
        f"mockserver-{__version__}.tar.gz",
    ]
    check = [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)]
    done = subprocess.run(check, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    assert done.returncode == 0, done.stdout


def test_pytest_finds_its_plugin(installed: Path) -> None:
    command = "import importlib.metadata as m; print(*[e.value for e in m.entry_points(group='pytest11')])"
    output = subprocess.run(
        [str(installed / "python"), "-c", command], capture_output=True, text=True, check=True
    ).stdout
    assert "mockserver.pytest_plugin" in output.split()
