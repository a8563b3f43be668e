"""Files of a study that other machines need: through Optuna's artifact stores."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from optuna.artifacts import FileSystemArtifactStore, download_artifact, upload_artifact
from optuna.exceptions import OptunaError
from optuna.study import Study

from tinycompress.errors import ConfigError, os_reason
from tinycompress.search.task import InputFile, Task, sha256_of


def open_store(place: str) -> Any:
    """Optuna's artifact store at a directory or ``s3://bucket``.

    Raises:
        ConfigError: It cannot be used.
    """
    if place.startswith("s3://"):
        return _s3(place)
    try:
        Path(place).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the artifact store {place}: {os_reason(error)}") from error
    return FileSystemArtifactStore(base_path=place)


def _s3(place: str) -> Any:
    from optuna.artifacts import Boto3ArtifactStore

    bucket = urlsplit(place).netloc
    if not bucket or urlsplit(place).path.strip("/"):
        raise ConfigError(f"artifact store {place!r}; allowed: a directory, or s3://BUCKET")
    try:
        return Boto3ArtifactStore(bucket_name=bucket)
    except ImportError as error:
        raise ConfigError(
            f"the artifact store {place} needs the Python package 'boto3'",
            hint="pip install boto3; its usual settings say which server and account",
        ) from error


def upload(study: Study, store: Any, path: Path) -> str:
    """Store a file beside a study; the id to get it by.

    Raises:
        ConfigError: The store cannot be written.
    """
    try:
        # Optuna writes to the study's attributes; an id that is not kept there is as good.
        made: str = upload_artifact(artifact_store=store, file_path=str(path), study_or_trial=study)
    except (OSError, OptunaError) as error:
        raise ConfigError(f"cannot store {path.name} beside the study: {error}") from error
    return made


def upload_inputs(study: Study, task: Task, store: Any) -> Task:
    """The task with its files in the store."""
    files = {
        name: replace(file, artifact=upload(study, store, Path(file.path)))
        for name, file in task.files().items()
    }
    return task.with_files(files)


def local_task(task: Task, workspace: Path) -> Task:
    """The task with files that are on this machine, from the store where they are not yet.

    Raises:
        ConfigError: A file is neither here as it was, nor in the store.
    """
    return task.with_files(
        {name: _local(file, task.artifacts, workspace) for name, file in task.files().items()}
    )


def _local(file: InputFile, place: str, workspace: Path) -> InputFile:
    own = Path(file.path)
    fetched = workspace / "inputs" / f"{file.sha256[:16]}{own.suffix}"
    for path in (own, fetched):
        if path.is_file() and sha256_of(path) == file.sha256:
            return replace(file, path=str(path))
    if not file.artifact:
        raise ConfigError(
            f"{file.path} is not there, or is not what the study began with",
            hint="begin the study with --storage, which puts its files into an artifact store",
        )
    fetched.parent.mkdir(parents=True, exist_ok=True)
    download(open_store(place), file.artifact, fetched)
    if sha256_of(fetched) != file.sha256:
        raise ConfigError(f"the artifact of {own.name} in {place} is not what was stored")
    return replace(file, path=str(fetched))


def download(store: Any, artifact: str, path: Path) -> None:
    """Fetch a stored file; it is there as a whole or not at all.

    Raises:
        ConfigError: It is not in the store.
    """
    with tempfile.TemporaryDirectory(prefix="tinycompress-") as scratch:
        temporary = Path(scratch) / "artifact"
        try:
            download_artifact(artifact_store=store, artifact_id=artifact, file_path=str(temporary))
            shutil.move(temporary, path)
        except (OSError, OptunaError) as error:
            raise ConfigError(
                f"cannot fetch a file of the study from its artifact store: {error}",
                hint="other machines need a store that they reach: --artifacts s3://BUCKET",
            ) from error


def upload_directory(study: Study, store: Any, directory: Path, name: str) -> str:
    """Store a directory as a zip; the id to get it by.

    Raises:
        ConfigError: The store cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="tinycompress-") as scratch:
        packed = shutil.make_archive(str(Path(scratch) / name), "zip", directory)
        return upload(study, store, Path(packed))


def download_directory(store: Any, artifact: str, directory: Path) -> None:
    """Fetch what `upload_directory` stored.

    Raises:
        ConfigError: It is not in the store.
    """
    with tempfile.TemporaryDirectory(prefix="tinycompress-") as scratch:
        packed = Path(scratch) / "stored.zip"
        download(store, artifact, packed)
        shutil.unpack_archive(packed, directory)
