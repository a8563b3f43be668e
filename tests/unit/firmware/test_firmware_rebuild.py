"""A project is made again where one is: what the user added or edited stays, or is told of."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.firmware.frameworks import FRAMEWORKS
from support.firmware.projects import TFLITE, copy_project, copy_sources

from tinycompress import _files
from tinycompress.artifacts import FirmwareProject, FrameworkName, ProjectUpdate
from tinycompress.boards import load_board
from tinycompress.errors import ConfigError
from tinycompress.firmware import load_project, render_framework_project, render_project
from tinycompress.firmware.manifest import MANIFEST_FILE, read_manifest
from tinycompress.firmware.writing import write_tree

NANO = load_board("nano33")
OTHER_TFLITE = b"a model that was trained again"
ALL: tuple[FrameworkName, ...] = ("cmake", *FRAMEWORKS)
MAIN = {"cmake": "runtime/main.c", "arduino": "src/runtime/tc_proto.c", "zephyr": "runtime/main.c"}
MODEL = {name: f"{'src/' if name == 'arduino' else ''}model/copy_model.c" for name in ALL}


def tree_of(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def made(
    directory: Path,
    framework: FrameworkName = "cmake",
    *,
    other_model: bool = False,
    force: bool = False,
    board: str = "nano33",
) -> FirmwareProject:
    """The project of the copying model, or of another one, in a framework's form."""
    text = copy_sources().files["copy_model.c"]
    sources, tflite = copy_sources(), TFLITE
    if other_model:
        tflite = OTHER_TFLITE
        sources = replace(
            sources,
            files={"copy_model.c": text + "/* again */\n", "more.c": "int more_of_it;\n"},
            kernel_files=("tck_simd.h",),
            model_sha256=hashlib.sha256(tflite).hexdigest(),
        )
    target = load_board(board)
    if framework == "cmake":
        return render_project(
            sources, target, directory, tflite=tflite, model_name="copy", force=force
        )
    return render_framework_project(
        sources, target.within(framework), directory, framework=framework, tflite=tflite,
        model_name="copy", force=force,
    )  # fmt: skip


def edit(path: Path) -> bytes:
    path.write_bytes(path.read_bytes() + b"\n/* mine */\n")
    return path.read_bytes()


@pytest.mark.parametrize("framework", ALL)
def test_the_users_files_stay(framework: FrameworkName, tmp_path: Path) -> None:
    project = tmp_path / "p"
    made(project, framework)
    users = {
        "app.c": b"int app;", ".git/HEAD": b"ref", ".vscode/settings.json": b"{}",
        "build2/CMakeCache.txt": b"cache", "model/notes.txt": b"n",
        "build/firmware.elf": b"cmake's", "build/CMakeCache.txt": b"cache",
    }  # fmt: skip
    for path, content in users.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(content)
    for other_model in (False, True):
        update = made(project, framework, other_model=other_model).update
        assert users.items() <= tree_of(project).items()
        assert (update.kept, update.overwritten) == ((), ())
    fresh = tmp_path / "fresh" / "p"
    made(fresh, framework, other_model=True)
    assert tree_of(project) == {**tree_of(fresh), **users}


@pytest.mark.parametrize("framework", ALL)
def test_an_edited_file_is_kept_and_told(
    framework: FrameworkName, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    project, path = tmp_path / "p", MAIN[framework]
    made(project, framework)
    content = edit(project / path)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            caplog.clear()
            assert made(project, framework).update == ProjectUpdate(kept=(path,))
            assert (project / path).read_bytes() == content
            assert path in caplog.text
            assert "--force" in caplog.text
    assert made(project, framework, force=True).update == ProjectUpdate(overwritten=(path,))
    assert (project / path).read_bytes() != content
    caplog.clear()
    assert made(project, framework).update == ProjectUpdate()
    assert caplog.text == ""


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_identity_of_a_frameworks_firmware_is_of_the_edits_too(
    framework: FrameworkName, tmp_path: Path
) -> None:
    project = tmp_path / "p"
    first = made(project, framework).project_id
    edit(project / MAIN[framework])
    second = made(project, framework).project_id
    assert second != first
    assert made(project, framework).project_id == second
    edit(project / MAIN[framework])
    assert made(project, framework).project_id not in (first, second)
    assert made(project, framework, force=True).project_id == first


def test_an_edit_of_what_changed_since_is_told_as_such(tmp_path: Path) -> None:
    made(tmp_path / "p")
    content = edit(tmp_path / "p" / "CMakeLists.txt")
    update = made(tmp_path / "p", other_model=True).update
    assert update.kept == update.outdated == ("CMakeLists.txt",)
    assert (tmp_path / "p" / "CMakeLists.txt").read_bytes() == content
    assert load_project(tmp_path / "p").model_sha256 == hashlib.sha256(OTHER_TFLITE).hexdigest()
    again = made(tmp_path / "p", other_model=True).update
    assert again == ProjectUpdate(kept=("CMakeLists.txt",))


@pytest.mark.parametrize("framework", ALL)
@pytest.mark.parametrize("other_model", [False, True])
def test_edits_that_belie_the_model_are_refused(
    framework: FrameworkName, other_model: bool, tmp_path: Path
) -> None:
    project = tmp_path / "p"
    made(project, framework)
    for path in (MODEL[framework], "model.tflite", "tinycompress.json"):
        original = (project / path).read_bytes()
        edit(project / path)
        before = tree_of(project)
        with pytest.raises(ConfigError, match=f"edited: {path}") as caught:
            made(project, framework, other_model=other_model)
        assert "--force" in str(caught.value.hint)
        assert tree_of(project) == before
        (project / path).write_bytes(original)
    edit(project / MODEL[framework])
    update = made(project, framework, other_model=other_model, force=True).update
    assert update.overwritten == (MODEL[framework],)
    made(tmp_path / "fresh" / "p", framework, other_model=other_model)
    assert tree_of(project) == tree_of(tmp_path / "fresh" / "p")


@pytest.mark.parametrize("framework", ALL)
def test_what_is_made_no_longer_goes_and_what_was_deleted_comes_back(
    framework: FrameworkName, tmp_path: Path
) -> None:
    project, fresh = tmp_path / "p", tmp_path / "fresh" / "p"
    made(project, framework, other_model=True)
    (project / MAIN[framework]).unlink()
    (project / "tinycompress.json").unlink()
    update = made(project, framework).update
    made(fresh, framework)
    assert tree_of(project) == tree_of(fresh)
    assert MODEL[framework].replace("copy_model", "more") in update.removed


def test_an_edited_file_that_is_made_no_longer_stays(tmp_path: Path) -> None:
    project = tmp_path / "p"
    made(project)
    earlier = project / "runtime" / "old.c"
    earlier.write_text("int old;")
    table = json.loads((project / MANIFEST_FILE).read_text())
    table["sha256"]["runtime/old.c"] = hashlib.sha256(b"int older;").hexdigest()
    (project / MANIFEST_FILE).write_text(json.dumps(table))
    assert made(project).update == ProjectUpdate(kept=("runtime/old.c",))
    assert made(project).update == ProjectUpdate()
    assert earlier.read_text() == "int old;"


def test_a_file_of_the_users_in_the_place_of_a_new_one(tmp_path: Path) -> None:
    project = tmp_path / "p"
    made(project)
    (project / "model" / "more.c").write_text("int mine;")
    with pytest.raises(ConfigError, match=r"edited: model/more\.c"):
        made(project, other_model=True)
    made(project, other_model=True, force=True)
    assert (project / "model" / "more.c").read_text() == "int more_of_it;\n"


@pytest.mark.parametrize("kind", ["directory", "parent is a file", "link", "broken link"])
def test_odd_things_in_the_place_of_a_file(kind: str, tmp_path: Path) -> None:
    project = tmp_path / "p"
    made(project)
    main, host = project / "runtime" / "main.c", project / "host"
    if kind == "directory":
        main.unlink()
        main.mkdir()
    elif kind == "parent is a file":
        for file in host.iterdir():
            file.unlink()
        host.rmdir()
        host.write_text("mine")
    else:
        main.unlink()
        (tmp_path / "elsewhere.c").write_text("int mine;")
        main.symlink_to(tmp_path / ("elsewhere.c" if kind == "link" else "nowhere.c"))
    if "link" not in kind:
        for force in (False, True):
            with pytest.raises(ConfigError, match="is in the way"):
                made(project, force=force)
        return
    assert made(project).update.kept == ("runtime/main.c",)
    assert main.is_symlink()
    made(project, force=True)
    assert not main.is_symlink()
    assert (tmp_path / "elsewhere.c").read_text() == "int mine;"


def test_edits_are_not_taken_to_another_board(tmp_path: Path) -> None:
    project = tmp_path / "p"
    made(project)
    edit(project / "board.ld")
    before = tree_of(project)
    with pytest.raises(ConfigError, match=r"another board, engine or framework.*: board\.ld"):
        made(project, board="pico")
    assert tree_of(project) == before
    assert made(project, board="pico", force=True).board_id == "raspberry_pi_pico"
    (project / "app.c").write_text("int app;")
    assert made(project).board_id == "arduino_nano_33_ble"
    assert (project / "app.c").exists()
    assert not (project / "platform" / "boot2.S").exists()


@pytest.mark.parametrize("manifest", [None, "", "<<<<<<< HEAD", "[]", '{"schema": "x"}', "outside"])
def test_a_project_without_a_manifest_loses_nothing(manifest: str | None, tmp_path: Path) -> None:
    project = tmp_path / "p"
    made(project)
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    if manifest is None:
        (project / MANIFEST_FILE).unlink()
    elif manifest == "outside":
        table = json.loads((project / MANIFEST_FILE).read_text())
        table["sha256"]["../outside.txt"] = hashlib.sha256(b"x").hexdigest()
        (project / MANIFEST_FILE).write_text(json.dumps(table))
    else:
        (project / MANIFEST_FILE).write_text(manifest)
    edit(project / "runtime" / "main.c")
    before = tree_of(project)
    with pytest.raises(ConfigError, match="no manifest by which to tell edits") as caught:
        made(project, other_model=True)
    assert "--force" in str(caught.value.hint)
    assert tree_of(project) == before
    assert made(project).update == ProjectUpdate(kept=("runtime/main.c",))
    assert read_manifest(project) is not None
    assert outside.exists()


def test_the_manifest_is_of_the_contents_alone(tmp_path: Path) -> None:
    first, second = copy_project("nano33", tmp_path / "a"), copy_project("nano33", tmp_path / "b")
    texts = [(p.directory / MANIFEST_FILE).read_bytes() for p in (first, second)]
    assert texts[0] == texts[1]
    files = read_manifest(first.directory)
    assert files is not None
    assert {*files, MANIFEST_FILE} == set(tree_of(first.directory))
    for path, sha256 in files.items():
        assert hashlib.sha256((first.directory / path).read_bytes()).hexdigest() == sha256


def _with_build(project: Path) -> None:
    build = project / "build"
    build.mkdir(exist_ok=True)
    (build / "obj").mkdir(exist_ok=True)
    for name in ("a.o", "b.o"):
        (build / "obj" / name).write_bytes(b"o")
    (build / "mine.txt").write_bytes(b"mine")
    for name in ("firmware.elf", "firmware.bin", "firmware.hex"):
        (build / name).write_bytes(name.encode())
    (build / "build.json").write_text('{"schema": "tinycompress.build"}')


def test_no_firmware_of_other_sources_stays(tmp_path: Path) -> None:
    project = tmp_path / "p"
    made(project)
    _with_build(project)
    before = tree_of(project)
    made(project)
    assert tree_of(project) == before
    left = {"build/mine.txt": b"mine"}
    made(project, other_model=True)
    assert {p: c for p, c in tree_of(project).items() if p.startswith("build/")} == left
    assert not (project / "build" / "obj").exists()
    _with_build(project)
    (project / "build" / "mine.txt").unlink()
    made(project)
    assert not (project / "build").exists()
    made(project, other_model=True)
    _with_build(project)
    edit(project / "runtime" / "main.c")
    made(project, other_model=True)
    assert {p: c for p, c in tree_of(project).items() if p.startswith("build/")} == left


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_at_any_step_undoes_all(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every single write and rename fails once; the earlier project is there each time."""
    project = tmp_path / "p"
    made(project)
    _with_build(project)
    (project / "app.c").write_text("int app;")
    edit(project / "runtime" / "main.c")
    before = tree_of(project)
    made(tmp_path / "other", other_model=True)
    tree = tree_of(tmp_path / "other")
    shutil.rmtree(tmp_path / "other")
    del tree[MANIFEST_FILE]
    failed = 0
    while True:
        left = failed + 1

        def step() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise error

        with monkeypatch.context() as patch:
            for name in ("write_bytes", "rename", "replace", "mkdir"):
                _fail_at(patch, name, step)
            with contextlib.suppress(ConfigError, KeyboardInterrupt):
                write_tree(tree, project, force=True)
            if left > 0:
                break
        failed += 1
        assert tree_of(project) == before, failed
        assert sorted(path.name for path in tmp_path.iterdir()) == ["p"]
    assert failed > 30
    assert load_project(project).model_sha256 == hashlib.sha256(OTHER_TFLITE).hexdigest()
    assert not list(project.glob(".tinycompress-*/"))


def _fail_at(patch: pytest.MonkeyPatch, name: str, step: object) -> None:
    real = getattr(Path, name)

    def counted(self: Path, *arguments: object, **options: object) -> object:
        step()  # type: ignore[operator]
        return real(self, *arguments, **options)

    patch.setattr(Path, name, counted)


def test_what_cannot_be_put_back_is_not_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old a")
    real = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if Path(target).parent == tmp_path and self.name != "a":
            raise OSError(5, "Input/output error")
        if self.name == "b":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(ConfigError):
        _files.change_files(tmp_path, {"a": b"new a", "c/b": b"new b"})
    [kept] = tmp_path.glob(".tinycompress-*/old/a.kept")
    assert kept.read_text() == "old a"
