"""The server of the Model Context Protocol: it lists the tools and calls them, over standard input and output or HTTP.

The low-level class of ``mcp`` is used: it announces tools and nothing else, and leaves arguments and errors to the
declarations of :mod:`perpend.server.mcp.tools` (ADR 69).
"""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import anyio
import mcp_types as types
from anyio import to_thread
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from perpend.core.errors import PerpendError
from perpend.language.compiler.names import did_you_mean, printable
from perpend.server.mcp.quoting import cut, form_of, text_of
from perpend.server.mcp.tools import INSTRUCTIONS, TOOLS
from perpend.server.scope import ALL_ACCOUNTS
from perpend.server.unexpected import report
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp.server.context import ServerRequestContext

    from perpend.server.scope import ReaderScope
    from perpend.server.served_store import ServedStore

_READS: Final = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_LACKS_CONFIGURATION: Final = (
    "Tell the user: the last run of this store used a configuration file that `perpend mcp` was started without, so waivers, "
    "ratings and account names may be missing; start it with --config and that file."
)
"""A note for the client. It does not have the path, because a store may come from somebody else."""

_MOST_OF_AN_ERROR: Final = 1_000
_by_name: Final = {tool.name: tool for tool in TOOLS}


def mcp_server(store: ServedStore, scope: ReaderScope, *, note: str = "") -> Server[dict[str, Any]]:
    """Return the server of a store for a reader who may see some accounts. ``note`` is a sentence for the client."""

    async def call(context: ServerRequestContext[Any], parameters: types.CallToolRequestParams) -> types.CallToolResult:
        return await to_thread.run_sync(partial(called, store, parameters.name, parameters.arguments or {}, scope))

    instructions = f"{INSTRUCTIONS} {note}".rstrip()
    return Server(
        "perpend", title="Perpend", version=__version__, instructions=instructions, on_list_tools=_listed, on_call_tool=call
    )


def called(store: ServedStore, name: str, arguments: Mapping[str, Any], scope: ReaderScope) -> types.CallToolResult:
    """Return the result of a call. An error is a result, too: one sentence that says what to change."""
    try:
        if name not in _by_name:
            raise PerpendError(f"no tool is called '{printable(name)}'{did_you_mean(name, _by_name)}")
        document = _by_name[name].answered(store, arguments, scope)
    except (PerpendError, OSError) as error:
        return _result(cut(str(error), _MOST_OF_AN_ERROR), is_error=True)
    except Exception as error:  # noqa: BLE001  # a client that gets no answer waits for ever, and must not see internals
        report(error)
        return _result("internal error: the log of the server says more", is_error=True)
    return _result(text_of(document), structured=document)


async def _listed(context: ServerRequestContext[Any], parameters: types.PaginatedRequestParams | None) -> types.ListToolsResult:
    return types.ListToolsResult(
        tools=[
            types.Tool(
                name=tool.name,
                title=tool.title,
                description=tool.description,
                input_schema=tool.input_schema,
                output_schema=form_of(tool.answer).schema,
                annotations=_READS,
            )
            for tool in TOOLS
        ]
    )


def _result(text: str, *, structured: dict[str, Any] | None = None, is_error: bool = False) -> types.CallToolResult:
    content = types.TextContent(type="text", text=text)
    return types.CallToolResult(content=[content], structured_content=structured, is_error=is_error)


def serve_stdio(store: ServedStore, *, lacks_configuration: bool = False) -> None:
    """Answer the client on standard input and output until it leaves. It sees all accounts.

    ``lacks_configuration``: the last run had a configuration file that the server does not have.
    """
    server = mcp_server(store, ALL_ACCOUNTS, note=_LACKS_CONFIGURATION if lacks_configuration else "")
    # The first question should not wait for the store: clients give up after some seconds.
    threading.Thread(target=_read_ahead, args=(store,), daemon=True).start()

    async def serve() -> None:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(serve)


def _read_ahead(store: ServedStore) -> None:
    with suppress(PerpendError):  # the first question tells it
        store.current()
    store.follow()
