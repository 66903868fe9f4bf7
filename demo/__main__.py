"""`python -m demo`: serves the three markets until it is ended."""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from demo.hosting import Options, die_with_parent, serve


def main(arguments: list[str] | None = None) -> int:
    """Serves as asked; 0 when ended by a signal, 2 for a request that cannot be met."""
    asked = _parser().parse_args(arguments)
    if asked.parent:
        die_with_parent(asked.parent)
    options = Options(
        seed=asked.seed,
        listings=asked.listings,
        titles=asked.titles,
        ports=asked.ports,
        log_dir=asked.log_dir or Path(tempfile.mkdtemp(prefix="xunwang-demo-")),
        control_token=asked.control_token or secrets.token_hex(16),
        crawl_delay=asked.crawl_delay,
    )
    try:
        serve(options)
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description="三个虚构的交易平台，只在本机运行。")
    parser.add_argument("--seed", type=int, default=7, help="同一个种子总是同样的商品")
    parser.add_argument("--listings", type=_count, default=300, help="每个平台的商品数，至多一千万")
    parser.add_argument(
        "--ports", type=_ports, default=(18071, 18072, 18073), help="三个端口，逗号分隔；0 为任意空闲端口"
    )
    parser.add_argument("--titles", type=Path, help="普通商品的标题文件：每行一个，或带 text 列的 .tsv、.tsv.gz")
    parser.add_argument("--log-dir", type=Path, help="访问日志的目录，每个平台一个 .jsonl")
    parser.add_argument("--control-token", default="", help="打开控制入口的口令")
    parser.add_argument("--crawl-delay", type=float, default=0.1, help="robots.txt 里的 Crawl-delay，秒")
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    return parser


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 10_000_000:
        raise argparse.ArgumentTypeError("1 … 10000000")
    return number


def _ports(text: str) -> tuple[int, ...]:
    ports = tuple(int(part) for part in text.split(","))
    if len(ports) != 3:
        raise argparse.ArgumentTypeError("三个端口，例如 18071,18072,18073")
    return ports


if __name__ == "__main__":
    raise SystemExit(main())
