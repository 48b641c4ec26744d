"""``perpend completion``: print the completion script for a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from perpend.cli.app import group
from perpend.cli.options.completion import quoting_words

EPILOG = """\b
Examples:
  eval "$(perpend completion bash)"
  perpend completion fish > ~/.config/fish/completions/perpend.fish"""


@click.command("completion", epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script for a shell."""
    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(quoting_words(completion(group, {}, "perpend", "_PERPEND_COMPLETE").source()))
    return 0
