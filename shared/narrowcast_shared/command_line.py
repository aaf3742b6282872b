"""The command `narrowcast`: finds its subcommands, sets up logging, tells errors in one line.

Each component registers its subcommands as entry points; one is imported when it is called,
and for the listing in `--help`, which is why their modules import little at their top.

Exit status: 0 done; an error's own `exit_code` (1, or 2 for what the user gave); 130 after
Ctrl-C, 143 after SIGTERM.
"""

import difflib
import errno
import importlib.util
import signal
import sys
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from types import FrameType, TracebackType
from typing import NamedTuple, NoReturn

import click

from narrowcast_shared import __version__, logs, terminal
from narrowcast_shared.errors import NarrowcastError, install_hint
from narrowcast_shared.see import See

INTERRUPTED = 130
TERMINATED = 143
"""128 + SIGINT and 128 + SIGTERM, as a shell reports them."""

_INSTALL_ALL = install_hint("encoder", "train")
"""Brings what every command needs, but for what says itself what to install."""

_REGISTERED = "narrowcast.registered"
_VERBOSITY = "narrowcast.verbosity"


class Component(NamedTuple):
    """A part of narrowcast, the extras that bring what it needs, and modules that show it."""

    name: str
    extras: tuple[str, ...]
    needs: tuple[str, ...] = ()


_COMPONENTS = {
    "narrowcast_encoder": Component("the encoder", ("encoder",)),
    "narrowcast_decoder": Component(
        "the decoder", ("decoder",), ("onnxruntime", "fastapi", "uvicorn")
    ),
    "narrowcast_models": Component("the models", ("train",), ("torch", "tqdm")),
    "narrowcast_lab": Component(
        "both ends of the link", ("encoder", "decoder"), ("onnxruntime", "fastapi", "uvicorn")
    ),
}


class Commands(click.Group):
    """The registered subcommands, each imported only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_registered(ctx).names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for entry_point in _registered(ctx).select(name=cmd_name):
            return _load(entry_point)
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args[0] not in names:
            near = difflib.get_close_matches(args[0], names, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"there is no command {args[0]!r}{hint}")
        return super().resolve_command(ctx, args)


def _registered(ctx: click.Context) -> EntryPoints:
    """Read once a run: it opens the metadata of every installed distribution."""
    if _REGISTERED not in ctx.meta:
        ctx.meta[_REGISTERED] = entry_points(group="narrowcast.commands")
    found: EntryPoints = ctx.meta[_REGISTERED]
    return found


def _load(entry_point: EntryPoint) -> click.Command:
    """The command, or a stand-in that says what to install."""
    component = _COMPONENTS.get(entry_point.module.partition(".")[0])
    if component and any(importlib.util.find_spec(name) is None for name in component.needs):
        return _stand_in(entry_point.name, component)
    try:
        command: click.Command = entry_point.load()
    except ModuleNotFoundError:
        if component is None:
            raise
        return _stand_in(entry_point.name, component)
    return _dress(command)


def _dress(command: click.Command) -> click.Command:
    """What every subcommand has: -v, and examples that keep their lines in the help page.

    click marks these by a backspace, which a docstring can hold only as a backslash and a b.
    """
    if not any(parameter.name == "verbose" for parameter in command.params):
        command.params.append(_verbose_option())
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for child in command.commands.values() if isinstance(command, click.Group) else ():
        _dress(child)
    return command


def _stand_in(name: str, component: Component) -> click.Command:
    install = install_hint(*component.extras)

    def refuse() -> NoReturn:
        raise NarrowcastError(f"`narrowcast {name}` needs {component.name}", install)

    return click.Command(
        name,
        callback=refuse,
        short_help=f"Not installed: {install}",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )


def _verbose_option() -> click.Option:
    return click.Option(
        ["-v", "--verbose"],
        count=True,
        is_eager=True,
        expose_value=False,
        show_default=False,
        callback=_add_verbosity,
        help="Tell more of what happens; twice for still more.",
    )


def _add_verbosity(ctx: click.Context, _: click.Parameter, count: int) -> None:
    """Before or after the subcommand's name: both places count."""
    ctx.meta[_VERBOSITY] = ctx.meta.get(_VERBOSITY, 0) + count
    logs.configure(ctx.meta[_VERBOSITY])
    if count:
        sys.excepthook = sys.__excepthook__


@click.group(
    cls=Commands,
    invoke_without_command=True,
    params=[_verbose_option()],
    context_settings={
        "help_option_names": ["-h", "--help"],
        "show_default": True,
        "max_content_width": 100,
    },
    subcommand_metavar="COMMAND ...",
)
@click.version_option(__version__, message="narrowcast %(version)s")
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Read valence, live, from a face over a link too thin for video.

    An encoder (`narrowcast encode`) finds the face and sends it as a few kbit/s of H.264; a
    decoder (`narrowcast serve`) reads every frame; `narrowcast watch` draws the result.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run `narrowcast` and leave with its exit status."""
    terminal.use_any_text()
    sys.excepthook = _name_unexpected
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = commands.main(arguments, prog_name="narrowcast", standalone_mode=False)
    except NarrowcastError as error:
        _complain(str(error), error.see)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        cause = error.__cause__
        _complain(_usage(error), cause.see if isinstance(cause, NarrowcastError) else None)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)


def _terminate(_: int, __: FrameType | None) -> NoReturn:
    """Unwind the stack, so that what was opened is closed; a service has its own way."""
    sys.exit(TERMINATED)


def _usage(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{message}: try `{context.command_path} -h`" if context else message


def _name_unexpected(
    kind: type[BaseException], error: BaseException, _: TracebackType | None
) -> None:
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith(logs.OURS):
        _complain(f"this needs the package {error.name}: {_INSTALL_ALL}")
    elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
        _complain("there is no room left on the disk that is written to: free some")
    else:
        _complain(f"unexpected {kind.__name__} ({error}): run again with -v for the traceback")


def _complain(text: str, see: See | None = None) -> None:
    """The error on one line; on a second the page that helps. A log has one line for both."""
    line = " ".join(text.split())
    if not logs.complain(f"{line} (see {see})" if see else line):
        click.echo(f"narrowcast: error: {line}", err=True)
        if see:
            click.echo(f"see: {see}", err=True)
