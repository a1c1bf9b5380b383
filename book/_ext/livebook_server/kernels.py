"""Kernels for pages: always this Python, never too many, none left over."""

from __future__ import annotations

import sys

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from traitlets import Int

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


class PageKernels(AsyncMappingKernelManager):
    """One kernel for each open page, up to a limit: each takes some 80 MB."""

    most = Int(12, config=True, help="How many kernels may run at once.")

    async def start_kernel(self, *args, **kwargs) -> str:
        """Start a kernel, or say in words that a reader can act on why not."""
        if len(self) >= self.most:
            raise web.HTTPError(503, f"{self.most} pages already run Python here: close some and reload this one")
        kwargs["path"] = ""  # the server's folder, whatever the page asked for: the packages are found from there
        return await super().start_kernel(*args, **kwargs)


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Sends each message to the page as it comes.

    A moved slider is answered by several small messages. Left to itself TCP holds the second back until the
    first is acknowledged, which costs 40 ms a move on the loopback interface.
    """

    def connect(self):
        """Connect the page to its kernel."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
