"""A browser tab without a browser: Streamlit's protocol over a raw WebSocket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Button_pb2 import Button
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

DONE = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY
PATIENCE = 120.0  # seconds for one answer


@dataclass
class Drawn:
    """What one drawing of a page sent."""

    seconds: float
    text: bytes  # everything, as sent
    buttons: list[Button]
    address: dict[str, str] = field(default_factory=dict)
    failed: str = ""


class Tab:
    """One tab: opens pages, presses buttons."""

    def __init__(self, url: str) -> None:
        self.place = url.replace("http", "ws", 1) + "/_stcore/stream"
        self.page, self.query = "", ""

    async def __aenter__(self) -> Tab:
        self.socket = await websockets.connect(
            self.place, subprotocols=["streamlit"], max_size=None, ping_interval=None
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def open(self, page: str, query: str = "") -> Drawn:
        """Open a page by its name in the address."""
        self.page, self.query = page, query
        return await self._ask()

    async def press(self, button: Button) -> Drawn:
        """Press a button of the page that is open."""
        return await self._ask(button.id)

    async def _ask(self, pressed: str = "") -> Drawn:
        asked = BackMsg()
        asked.rerun_script.page_name = self.page
        asked.rerun_script.query_string = self.query
        if pressed:
            state = asked.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = pressed, True
        begun = time.perf_counter()
        await self.socket.send(asked.SerializeToString())
        drawn = Drawn(0.0, b"", [])
        pieces: list[bytes] = []
        async for data in self.socket:
            message = ForwardMsg.FromString(data)
            pieces.append(bytes(data))
            kind = message.WhichOneof("type")
            if kind == "delta":
                drawn.buttons += _buttons(message)
                failed = message.delta.new_element
                if failed.WhichOneof("type") == "exception":
                    drawn.failed = failed.exception.message
            elif kind == "page_info_changed":
                asked_for = parse_qs(message.page_info_changed.query_string)
                drawn.address = {name: values[0] for name, values in asked_for.items()}
            elif kind == "script_finished" and message.script_finished == DONE:
                break
        drawn.seconds, drawn.text = time.perf_counter() - begun, b"".join(pieces)
        return drawn


def _buttons(message: ForwardMsg) -> Iterator[Button]:
    element = message.delta.new_element
    if element.WhichOneof("type") == "button":
        yield element.button
