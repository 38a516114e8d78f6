"""The headers that seal every response: a browser may do with it what it is for, and nothing else.

They are those of the OWASP Secure Headers Project. Strict-Transport-Security is for the proxy that has the TLS.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NEVER_USED = (
    "accelerometer", "autoplay", "camera", "clipboard-read", "clipboard-write", "display-capture", "encrypted-media",
    "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi",
    "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "storage-access",
    "sync-xhr", "usb", "xr-spatial-tracking",
)  # fmt: skip
"""What a browser can give to a page, and no page of ours asks for; browsers complain of what they do not know."""

SEAL = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", ", ".join(f"{feature}=()" for feature in _NEVER_USED).encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-dns-prefetch-control", b"off"),
    (b"x-frame-options", b"DENY"),
    (b"x-permitted-cross-domain-policies", b"none"),
)
"""Headers that every response has, unless it brings its own: pages have other policies, and some things may be kept."""


class Seal:
    """The outermost layer of the service, so that whatever answers a request, the answer is sealed."""

    def __init__(self, app: ASGIApp) -> None:
        """Seal what an application answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message["headers"] = list(message.get("headers", ()))
                names = {name for name, _ in own}
                own += [header for header in SEAL if header[0] not in names]
            await send(message)

        await self._app(scope, receive, sending)
