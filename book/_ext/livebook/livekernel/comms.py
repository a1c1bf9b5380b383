"""Widget messages between ipywidgets and the page."""

import json

import comm
from comm.base_comm import BaseComm, CommManager

from .shell import callback_errors

manager = CommManager()


def wire(value):
    """JSON as a Jupyter kernel sends it: what is not a finite number goes as its name."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value))


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return repr(value) if isinstance(value, float) and value - value != 0 else value


def start_comms(post):
    """Make every new comm speak to the page through `post`, and let the page open widgets of its own."""

    class PageComm(BaseComm):
        """A comm whose other end is in the page."""

        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
            """Send one message."""
            post(msg_type, self.comm_id, keys.get("target_name"), wire(data or {}), wire(metadata or {}),
                 [bytes(buffer) for buffer in buffers or []])

    comm.create_comm = PageComm
    comm.get_comm_manager = lambda: manager

    import ipywidgets  # only now: importing it asks for the comm manager

    ipywidgets.register_comm_target()


def comm_message(comm_id, data, buffers):
    """Deliver a message of the page (JSON) to its widget; returns, as JSON, the errors of the callbacks that it set off."""
    callback_errors.clear()
    target = manager.get_comm(comm_id)
    if target is not None:
        target.handle_msg({
            "content": {"comm_id": comm_id, "data": json.loads(data)},
            "buffers": [memoryview(buffer) for buffer in buffers],
        })
    return wire(callback_errors)
