"""Completion in the shells themselves: what they offer after what was typed."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys

import pytest

from hoi._cli import main as cli
from hoi._cli import options
from hoi._measures.registry import ALL

COMMANDS = {
    "search", "test", "measure", "compare", "plan", "show", "status", "demo", "warm-up", "backends", "completion",
}  # fmt: skip


def shell(name):
    """Path of a shell, or the test is skipped."""
    path = shutil.which(name)
    if path is None or sys.platform == "win32":
        pytest.skip(f"{name} is not installed")
    return path


def script(name, tmp_path, capsys):
    """File with what `hoi completion` prints."""
    assert cli.main(["completion", name]) == 0
    path = tmp_path / f"hoi.{name}"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


def said(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


FILES = {"data.csv", "folder"}
CASES = [
    ([""], COMMANDS),
    (["--"], {"--help", "--version"}),
    (["se"], {"search"}),
    (["search", "--or"], {"--order"}),
    (["search", "--measure", ""], set(ALL)),
    (["search", "--measure", "t"], {"tc"}),
    (["measure", "--units", ""], {"nats", "bits"}),
    (["search", "--out", ""], FILES),
    (["measure", ""], FILES),
    (["search", "data.csv", "--report", ""], FILES),
    (["demo", "--out", ""], {"folder"}),
    (["completion", ""], {"bash", "zsh", "fish"}),
]


@pytest.fixture
def there(tmp_path):
    """A folder with a file and a folder, to complete in."""
    (tmp_path / "there" / "folder").mkdir(parents=True)
    (tmp_path / "there" / "data.csv").touch()
    return tmp_path / "there"


@pytest.mark.parametrize(("words", "offered"), CASES)
def test_bash(words, offered, there, tmp_path, capsys):
    path = script("bash", tmp_path, capsys)
    # as bash does on a tab: the function that `complete` was given, with the words of the line
    program = (
        'source "$1"; shift; [[ $(complete -p hoi) =~ -F\\ ([^ ]+) ]]; COMP_WORDS=(hoi "$@"); COMP_CWORD=$#; '
        '"${BASH_REMATCH[1]}"; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    printed = said(shell("bash"), "--norc", "-c", program, "bash", str(path), *words, cwd=there)
    assert set(printed.split()) == offered


@pytest.mark.parametrize(("words", "offered"), CASES)
def test_fish(words, offered, there, tmp_path, capsys):
    path = script("fish", tmp_path, capsys)
    program = 'source $argv[1]; complete -C "hoi $argv[2..]"'
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    printed = said(shell("fish"), "--no-config", "-c", program, str(path), *words, cwd=there, env=env)
    assert {line.partition("\t")[0].rstrip("/") for line in printed.splitlines()} >= offered


def test_zsh_reads_the_script(tmp_path, capsys):
    path = script("zsh", tmp_path, capsys)
    program = 'autoload -Uz compinit && compinit; eval "$(<"$1")"; print -r -- "$_comps[hoi]"'
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "ZDOTDIR": str(tmp_path)}
    printed = said(shell("zsh"), "-f", "-c", program, "zsh", str(path), env=env)
    assert "_hoi" in printed


def test_every_option_of_every_command_is_offered(tmp_path, capsys):
    (commands,) = (a for a in options.parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert set(commands.choices) == COMMANDS
    for name in ("bash", "fish"):
        text = script(name, tmp_path, capsys).read_text(encoding="utf-8")
        for command in commands.choices.values():
            for option in (flag for action in command._actions for flag in action.option_strings):
                assert option.lstrip("-") in text, (name, option)


def test_an_unknown_shell(capsys):
    assert cli.main(["completion", "tcsh"]) == 2
    assert "invalid choice: 'tcsh'" in capsys.readouterr().err
