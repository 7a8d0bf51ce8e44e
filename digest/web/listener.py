"""An HTTP server for an ASGI application, in a thread of its own."""

import socket
import threading
import time
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from digest.web.connections import LIMITS, Limits, RequestLimit, guarded

_GRACE = 5  # seconds that responses in progress get at the end


class Listener:
    """A server that runs for the block. Port 0 chooses a free one; `port` is the one in use.

    Raises OSError if it cannot listen at the address.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, limits: Limits = LIMITS) -> None:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        created = socket.create_server((host, port), family=family, backlog=128)
        # asyncio sets TCP_NODELAY only on connections of a socket that was made with this protocol. Without
        # it the body of a response, which is written apart from its head, waits 40 ms for an acknowledgement.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=created.detach())
        self.host, self.port = host, int(self._socket.getsockname()[1])
        self._server = uvicorn.Server(
            uvicorn.Config(
                RequestLimit(app, limits.requests),
                http=guarded(limits),
                loop="asyncio",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name=f"http-{self.port}", daemon=True
        )

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(_GRACE + 1)
        self._socket.close()
