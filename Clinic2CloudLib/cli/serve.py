"""``clinic2cloud serve``: the embedded cloud."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .. import paths
from ..errors import InputError
from .console import Console

if TYPE_CHECKING:
    from ..cloud.server import Running

HELP = "run the embedded cloud: DICOMweb and pipelines, on this machine by default"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="where it keeps what it is sent")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8042, help="0 takes a free one")
    parser.add_argument("--tls-cert", type=Path, metavar="F", help="certificate chain, PEM")
    parser.add_argument("--tls-key", type=Path, metavar="F", help="its private key, PEM")
    parser.add_argument("--token-file", type=Path, metavar="F", help="file with the bearer token")
    parser.add_argument(
        "--scheduler", metavar="URL", help="a Dask scheduler (tcp://...); threads when left out"
    )


def run(args: argparse.Namespace, console: Console) -> None:
    """Serve until stopped."""
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise InputError("the server's packages are missing: install Clinic2CloudLib[cloud]") from (
            None
        )
    from ..cloud.destination import read_token
    from ..cloud.server import serve

    def ready(running: Running) -> None:
        token_file = args.token_file or running.token_file
        if args.json:
            told = {"url": running.base_url, "token_file": str(token_file)}
            console.result(told, one_line=True)
        else:
            print(f"clinic2cloud serves {running.base_url}", flush=True)
            print(f"the token is in {token_file}; stop with Ctrl-C", flush=True)

    serve(
        args.data or paths.home() / "cloud",
        args.host,
        args.port,
        token=read_token(args.token_file) if args.token_file else None,
        tls_cert=args.tls_cert,
        tls_key=args.tls_key,
        scheduler=args.scheduler,
        ready=ready,
    )
