"""Scripts that complete the command line in a shell, written by shtab from its parser so that they cannot drift."""

from __future__ import annotations

import argparse

import shtab

__all__ = ["SHELLS", "names_a_file", "names_a_folder", "script"]

SHELLS = ("bash", "zsh", "fish")


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script for a shell of `SHELLS`."""
    return shtab.complete(parser, shell=shell)


def names_a_file(argument: argparse.Action) -> None:
    """Let the shell offer names of files as the value of an argument."""
    argument.complete = shtab.FILE  # type: ignore[attr-defined]


def names_a_folder(argument: argparse.Action) -> None:
    """Let the shell offer names of folders as the value of an argument."""
    argument.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
