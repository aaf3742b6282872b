"""`narrowcast sessions`: what a decoder has stored, and the deletion of a session."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from narrowcast_client.options import store_option
from narrowcast_shared import options

if TYPE_CHECKING:
    from narrowcast_shared.remote.access import Access


@click.group(invoke_without_command=True)
@options.decoder_option("to ask")
@store_option()
@options.json_option("each session, one a line,")
@options.access_options()
@click.pass_context
def sessions(
    context: click.Context, url: str, store: Path | None, as_json: bool, access: "Access"
) -> None:
    r"""List the sessions that are stored.

    \b
    Examples:
      narrowcast sessions
      narrowcast sessions --decoder http://decoder:8000 --json | jq .session
      narrowcast sessions --store narrowcast.sqlite
      narrowcast sessions delete anna

    Their times, and their samples by status. The newest activity comes first. Times are in this
    machine's zone.
    """
    context.obj = access
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from narrowcast_client import listing
    from narrowcast_shared.remote.address import parse_address

    archive = listing.open_archive(parse_address(url, access), store)
    listed = asyncio.run(archive.sessions())
    click.echo(listing.as_json(listed) if as_json else listing.as_table(listed), nl=False)


@sessions.command()
@click.argument("session")
@click.option(
    "--decoder", "url", metavar="URL", help="The decoder that has it; by default the one above."
)
@click.option(
    "--force", is_flag=True, help="Also where it is being published: its encoder is ended."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.access_options()
@click.pass_context
def delete(
    context: click.Context,
    session: str,
    url: str | None,
    force: bool,
    yes: bool,
    access: "Access",
) -> None:
    r"""Delete a session and all of its samples, for good.

    \b
    Examples:
      narrowcast sessions delete anna
      narrowcast sessions delete anna --decoder http://decoder:8000 --yes
    """
    import asyncio

    from narrowcast_client.sessions import delete_session, get_session
    from narrowcast_shared.remote.access import Access
    from narrowcast_shared.remote.address import parse_address

    assert context.parent is not None
    if context.parent.params["store"] is not None:
        raise click.UsageError("a session is deleted by a decoder that runs: leave out --store")
    given: Access = context.obj
    access = Access(access.token or given.token, access.ca or given.ca)
    address = parse_address(url or context.parent.params["url"], access)
    info = asyncio.run(get_session(address, session))
    if not yes:
        what = f"{session} and its {info.samples} samples"
        click.confirm(f"Delete {what} at {address.base} for good?", abort=True)
    asyncio.run(delete_session(address, session, force=force))
    click.echo(f"narrowcast: {session} is deleted", err=True)
