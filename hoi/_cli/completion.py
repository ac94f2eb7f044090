"""Scripts that complete the command line in a shell, written from its parser so that they cannot drift."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

__all__ = ["SHELLS", "script"]

_BASH = """\
_hoi() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
  local words=
  if (( COMP_CWORD == 1 )); then
    words="%(commands)s"
  else
    case "$command $before" in
%(values)s
    *)
      if [[ $word == -* ]]; then
        case $command in
%(options)s
        esac
      else
        case $command in
%(places)s
        *) return ;;
        esac
      fi ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _hoi hoi
"""


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script for a shell of `SHELLS`."""
    return SHELLS[shell](parser)


def _bash(parser: argparse.ArgumentParser) -> str:
    commands = _commands(parser)
    values, options, places = [], [], []
    for name, command in commands.items():
        options.append(
            f'        {name}) words="{" ".join(flag for a in _flags(command) for flag in a.option_strings)}" ;;'
        )
        for action in _flags(command):
            if action.choices:
                patterns = "|".join(f'"{name} {flag}"' for flag in action.option_strings)
                values.append(f'    {patterns}) words="{_words(action)}" ;;')
            elif action.nargs != 0:  # an option with a value of any kind: names of files
                patterns = "|".join(f'"{name} {flag}"' for flag in action.option_strings)
                values.append(f"    {patterns}) return ;;")
        places += [f'        {name}) words="{_words(a)}" ;;' for a in _positional(command) if a.choices]
    blocks = {"values": values, "options": options, "places": places}
    texts = {key: "\n".join(lines) for key, lines in blocks.items()}
    return _BASH % {"commands": " ".join([*commands, "--help", "--version"]), **texts}


def _zsh(parser: argparse.ArgumentParser) -> str:
    return "autoload -Uz compinit bashcompinit && compinit && bashcompinit\n" + _bash(parser)


def _fish(parser: argparse.ArgumentParser) -> str:
    lines = [
        "complete -c hoi -n __fish_use_subcommand -f -l help",
        "complete -c hoi -n __fish_use_subcommand -f -l version",
    ]
    for name, command in _commands(parser).items():
        lines.append(f"complete -c hoi -n __fish_use_subcommand -f -a {name} -d {_quoted(command.description)}")
        seen = f"complete -c hoi -n '__fish_seen_subcommand_from {name}'"
        for action in _flags(command):
            flags = " ".join(f"-l {f[2:]}" if f.startswith("--") else f"-s {f[1:]}" for f in action.option_strings)
            value = f" -x -a '{_words(action)}'" if action.choices else "" if action.nargs == 0 else " -r"
            lines.append(f"{seen} {flags}{value} -d {_quoted(action.help)}")
        lines += [f"{seen} -f -a '{_words(action)}'" for action in _positional(command) if action.choices]
    return "\n".join(lines) + "\n"


SHELLS: dict[str, Callable[[argparse.ArgumentParser], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands and their parsers."""
    (found,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(found.choices)


def _flags(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in parser._actions if action.option_strings)


def _positional(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in parser._actions if not action.option_strings)


def _words(action: argparse.Action) -> str:
    return " ".join(map(str, action.choices or ()))


def _quoted(text: str | None) -> str:
    """One line of text in single quotes, as fish reads them."""
    line = " ".join((text or "").split())
    return "'" + line.replace("\\", "\\\\").replace("'", "\\'") + "'"
