"""Kernels for pages: always this Python, never too many, none left over."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime, timedelta

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from tornado import web
from traitlets import Int, default

NAME = "python3"


class ThisPython(KernelSpecManager):
    """Offers one kernel: the Python that runs the server, whatever else is installed for this user."""

    def find_kernel_specs(self) -> dict[str, str]:
        """The one name."""
        return {NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The specification of the one kernel."""
        if kernel_name != NAME:
            raise NoSuchKernel(kernel_name)
        spec = get_kernel_dict()
        # At its usual level each kernel would print a warning on TCP that is not encrypted: it is the loopback's.
        spec["argv"] = [sys.executable, *spec["argv"][1:], "--log-level=ERROR"]
        return KernelSpec(resource_dir=RESOURCES, **spec)


class PageKernel(ServerKernelManager):
    """A kernel that has just been asked for counts as active: without a time it could be neither listed nor judged idle."""

    @default("last_activity")
    def _begun(self) -> datetime:
        return utcnow()


class PageKernels(AsyncMappingKernelManager):
    """One kernel for each open page, up to a limit: each takes some 80 MB."""

    most = Int(12, config=True, help="How many kernels may run at once.")
    grace_s = Int(30, config=True, help="How long a page may take from starting its kernel to connecting to it, or to come back.")
    starting = 0
    """Kernels asked for and not yet counted: without them, requests that come together would all pass the limit."""

    @default("kernel_manager_class")
    def _kind(self) -> str:
        return f"{PageKernel.__module__}.{PageKernel.__name__}"

    async def start_kernel(self, *args, **kwargs) -> str:
        """Start a kernel, or say in words that a reader can act on why not."""
        self.starting += 1
        try:
            if len(self) + self.starting > self.most:
                await self.end_abandoned()
            if len(self) + self.starting > self.most:
                raise web.HTTPError(503, f"{self.most} pages already run Python here: close some and reload this one")
            kwargs["path"] = ""  # the server's folder, whatever the page asked for: the packages are found from there
            return await super().start_kernel(*args, **kwargs)
        finally:
            self.starting -= 1

    async def end_abandoned(self) -> None:
        """Make room: end kernels whose page is gone without a word, as after a crash of the browser."""
        limit = utcnow() - timedelta(seconds=self.grace_s)
        for id in self.list_kernel_ids():
            # Looked at anew each time: ending one takes a while, in which another request may have ended the next.
            kernel = self._kernels.get(id)
            if kernel is not None and not self._kernel_connections.get(id) and kernel.last_activity < limit:
                with suppress(web.HTTPError, KeyError):
                    await self.shutdown_kernel(id, now=True)


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Sends each message to the page as it comes.

    A moved slider is answered by several small messages. Left to itself TCP holds the second back until the
    first is acknowledged, which costs 40 ms a move on the loopback interface.
    """

    def connect(self):
        """Connect the page to its kernel."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
