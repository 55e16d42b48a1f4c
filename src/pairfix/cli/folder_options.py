"""What the options of `pairfix restore` in the panel Folders ask for."""

import re
from dataclasses import dataclass, fields
from pathlib import Path

import typer

from pairfix.recipe import Cluster, Existing, Shoot

__all__ = ["FolderOptions", "check_needs"]

_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")
_DEFAULT = Shoot(Path(), Path())


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """The options as given: None or False where they were not."""

    name: str | None
    format: str | None
    existing: Existing | None
    shard: str | None
    jobs: int | None
    ray: str | None
    worker_cpus: int | None
    pages: bool
    dry_run: bool
    fail_fast: bool
    watch: bool

    @property
    def processes(self) -> int:
        """How many restore side by side on this machine."""
        return self.jobs or 1

    @property
    def cluster(self) -> Cluster | None:
        """The cluster that was asked for; None: this machine."""
        if self.ray is None:
            return None
        cpus = Cluster(self.ray).cpus if self.worker_cpus is None else self.worker_cpus
        return Cluster(self.ray, cpus, self.jobs)

    def check_unused(self) -> None:
        """Refuse them all: one pair is to be restored.

        Raises:
            typer.BadParameter: One was given.
        """
        for each in fields(self):
            option = f"--{each.name.replace('_', '-')}"
            given = getattr(self, each.name) not in (None, False)
            check_needs(option, "a folder or a CSV file of pairs", unused=given)

    def check(self, *, report: bool) -> None:
        """Refuse what does not go together.

        Args:
            report: Whether a contact sheet is asked for.

        Raises:
            typer.BadParameter: Two options contradict each other.
        """
        check_needs("--pages", "--report", unused=self.pages and not report)
        on_cluster = self.ray is not None
        check_needs("--pages", "a run without --ray", unused=self.pages and on_cluster)
        no_cluster = self.worker_cpus is not None and not on_cluster
        check_needs("--worker-cpus", "--ray", unused=no_cluster)
        if self.watch:
            once = "a run without --watch"
            check_needs("--dry-run", once, unused=self.dry_run)
            check_needs("--fail-fast", once, unused=self.fail_fast)
            check_needs("--report", once, unused=report)
            check_needs("--ray", once, unused=on_cluster)
            check_needs("--shard", once, unused=self.shard is not None)
            if "{number" in (self.name or ""):
                raise typer.BadParameter(
                    "{number} changes as photos come, so that --watch needs another",
                    param_hint="--name",
                )

    def shoot(self, source: Path, output: Path, *, overwrite: bool) -> Shoot:
        """The pairs to restore, and what becomes of them.

        Raises:
            typer.BadParameter: `overwrite` contradicts --existing, or the shard is none.
        """
        existing = self.existing
        if overwrite and existing not in (None, "overwrite"):
            raise typer.BadParameter(
                f"it contradicts --existing {existing}", param_hint="--overwrite"
            )
        return Shoot(
            source,
            output,
            name=_DEFAULT.name if self.name is None else self.name,
            suffix=f".{self.format.removeprefix('.').lower()}" if self.format else _DEFAULT.suffix,
            existing="overwrite" if overwrite else existing or _DEFAULT.existing,
            pages=self.pages,
            shard=_DEFAULT.shard if self.shard is None else _shard(self.shard),
        )


def check_needs(option: str, other: str, *, unused: bool) -> None:
    """Refuse an option that does nothing without another.

    Raises:
        typer.BadParameter: It is `unused`.
    """
    if unused:
        raise typer.BadParameter(f"it needs {other}", param_hint=option)


def _shard(text: str) -> tuple[int, int]:
    match = _SHARD.fullmatch(text)
    part, parts = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= part <= parts:
        raise typer.BadParameter(f"'{text}' is not I/N with I from 1 to N", param_hint="--shard")
    return part, parts
