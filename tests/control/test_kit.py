"""The JavaScript package as it is served, packed and written."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from mockserver import Contract, __version__, create_app
from mockserver.cli.main import main
from mockserver.kit import archive

PATH = "/__mock/kit.tgz"
FILES = {
    "README.md", "client.d.ts", "client.js", "cypress.d.ts", "cypress.js", "package.json", "playwright.d.ts",
    "playwright.js", "reports.js", "selection.js", "vitest.d.ts", "vitest.js",
}  # fmt: skip


def unpack(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as packed:
        return {member.name: packed.extractfile(member).read() for member in packed.getmembers()}  # type: ignore[union-attr]


def test_the_package_is_served(client: FlaskClient) -> None:
    response = client.get(PATH)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in response.headers
    assert unpack(response.data) == {f"package/{name}": content for name, content in archive.read_files().items()}


def test_an_unchanged_package_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get(PATH).headers["ETag"]
    assert client.get(PATH, headers={"If-None-Match": tag}).status_code == 304


def test_head_has_the_headers_of_get(client: FlaskClient) -> None:
    response = client.head(PATH)
    assert response.status_code == 200
    assert response.data == b""
    assert response.headers["Content-Length"] == str(len(client.get(PATH).data))


@pytest.mark.parametrize("headers", [{}, {"Host": "mock:4080"}, {"Sec-Fetch-Site": "cross-site"}])
@pytest.mark.parametrize("token", [None, "s3cret"])
def test_anybody_may_fetch_the_package(built_in: Contract, token: str | None, headers: dict[str, str]) -> None:
    client = create_app(built_in, token=token).test_client()
    assert client.get(PATH, headers=headers).status_code == 200


def test_other_methods_need_the_token(built_in: Contract) -> None:
    client = create_app(built_in, token="s3cret").test_client()
    assert client.delete(PATH).json["code"] == "token-required"


def test_the_package_is_served_without_pages(built_in: Contract) -> None:
    assert create_app(built_in, serve_pages=False).test_client().get(PATH).status_code == 200


def test_the_package_consists_of_these_files() -> None:
    assert set(archive.read_files()) == FILES


def test_the_versions_are_the_same() -> None:
    manifest = json.loads(archive.read_files()["package.json"])
    assert manifest["name"] == "mockserver-kit"
    assert manifest["version"] == __version__


def test_every_export_leads_to_a_file() -> None:
    exports = json.loads(archive.read_files()["package.json"])["exports"]
    targets = [target for export in exports.values() for target in (export.values() if isinstance(export, dict) else [export])]  # fmt: skip
    assert [target for target in targets if target.removeprefix("./") not in FILES] == []


def test_the_bytes_do_not_depend_on_time_and_machine() -> None:
    packed = archive.pack()
    archive.pack.cache_clear()
    assert archive.pack() == packed
    assert packed[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        owners = {(member.uid, member.gid, member.uname, member.mode, member.mtime) for member in tar.getmembers()}
    assert owners == {(0, 0, "", 0o644, archive.MODIFIED)}


@pytest.mark.parametrize("size", [1, archive.BLOCK - 1, archive.BLOCK, archive.BLOCK + 1, 3 * archive.BLOCK])
def test_any_content_can_be_unpacked(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    assert gzip.decompress(archive._gzip(content)) == content


def write(directory: Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["kit", str(directory)])
    return result.exit_code, result.output


def test_the_command_writes_the_package(tmp_path: Path) -> None:
    directory = tmp_path / "vendor" / "kit"
    code, output = write(directory)
    assert code == 0
    assert output.splitlines()[-1] == f"Next: npm install --save-dev {directory}"
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == archive.read_files()


def test_the_command_names_a_relative_directory_as_npm_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert write(Path("kit"))[1].splitlines()[-1] == "Next: npm install --save-dev ./kit"


def test_the_command_replaces_an_earlier_version(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "mockserver-kit", "version": "0.0.1"}')
    assert write(tmp_path)[0] == 0
    assert (tmp_path / "package.json").read_bytes() == archive.read_files()["package.json"]


@pytest.mark.parametrize("text", ['{"name": "my-app"}', "[]", "{", None])
def test_the_command_overwrites_nothing_else(tmp_path: Path, text: str | None) -> None:
    name = "package.json" if text is not None else "client.js"
    (tmp_path / name).write_text(text or "mine")
    code, output = write(tmp_path)
    assert code == 1
    assert "has other files" in output
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_command_refuses_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    code, output = write(path)
    assert code == 1
    assert path.read_text() == "mine"
    assert output.startswith(f"mockserver: cannot write {path}: ")
