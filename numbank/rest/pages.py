"""The page that shows an API's document: Swagger UI as a package brings it, served from here and from nowhere else."""

from __future__ import annotations

import asyncio
from functools import cache, partial
from hashlib import blake2b
from html import escape
from importlib.util import find_spec
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from numbank.compression import IDENTITY, chosen, compress
from numbank.rest.registry import Api

PACKAGE = "swagger_ui"
FILES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
# Scripts and styles come from here alone, and nothing on the page is one by itself. Pictures stand in the style sheet.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="{prefix}/docs/favicon-32x32.png">
<link rel="stylesheet" href="{prefix}/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript><p>This page needs JavaScript. The document itself: <a href="{prefix}/openapi.json">openapi.json</a></p></noscript>
<script src="{prefix}/docs/swagger-ui-bundle.js"></script>
<script src="{prefix}/docs/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({{
  url: "{prefix}/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  syntaxHighlight: false,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout"
}});
"""


def routes(api: Api) -> list[Route]:
    """The page and its files."""
    page = PAGE.format(title=escape(api.title), prefix=api.prefix).encode()
    start = START.format(prefix=api.prefix).encode()

    async def shown(_request: Request) -> Response:
        return Response(page, media_type="text/html", headers=HEADERS)

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name == "start.js":
            return Response(start, media_type="text/javascript", headers=HEADERS)
        if name not in FILES:
            raise HTTPException(404)
        coding = chosen(request.headers.get("accept-encoding", "").encode("latin-1"))
        body = await asyncio.to_thread(partial(_packed, name, coding))
        headers = HEADERS | {
            "cache-control": "public, max-age=86400",
            "vary": "accept-encoding",
            "etag": _tag(name, coding),
        }
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        if coding != IDENTITY:
            headers["content-encoding"] = coding
        return Response(body, media_type=FILES[name], headers=headers)

    return [
        Route(f"{api.prefix}/docs", shown, methods=["GET"]),
        Route(f"{api.prefix}/docs/{{name}}", file, methods=["GET"]),
    ]


def folder() -> Path:
    """Where the package keeps its files; it is not imported, for it would bring a web framework along."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"package {PACKAGE} is not installed")
    return Path(spec.submodule_search_locations[0]) / "static"


@cache
def _packed(name: str, coding: str) -> bytes:
    content = (folder() / name).read_bytes()
    return content if coding == IDENTITY else compress(coding, [content])


@cache
def _tag(name: str, coding: str) -> str:
    return f'"{blake2b(_packed(name, coding), digest_size=12).hexdigest()}"'
