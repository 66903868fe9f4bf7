"""Installs the browser files that package-lock.json pins and copies those the pages load into console/static/vendor/.

Run by `make setup` as `python scripts/browser_files.py`; `--installed` takes node_modules as it is. `npm ci` refuses
a package whose integrity hash differs from the lock. The manifest written beside the files is what the console checks
at its start.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "console" / "static" / "vendor"

#: Name in the vendor folder: file in node_modules. The licences travel with what they license.
WANTED = {
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap.LICENSE.txt": "bootstrap/LICENSE",
    "echarts.common.min.js": "echarts/dist/echarts.common.min.js",
    "echarts.LICENSE.txt": "echarts/LICENSE",
    "echarts.NOTICE.txt": "echarts/NOTICE",
    "echarts.d3.LICENSE.txt": "echarts/licenses/LICENSE-d3",
    "zrender.LICENSE.txt": "zrender/LICENSE",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx.LICENSE.txt": "htmx.org/LICENSE",
}


def install() -> None:
    """Fills node_modules from the lock; runs no script of any package."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("没有找到 npm：请先安装 Node.js 18 或更新版本 / npm not found: install Node.js 18 or newer first")
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=ROOT, check=True)


def copy() -> dict[str, str]:
    """Replaces the vendor folder; returns name and lower-case sha256 of every file in it."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    sums = {}
    for name, source in WANTED.items():
        body = (ROOT / "node_modules" / source).read_bytes()
        (VENDOR / name).write_bytes(body)
        sums[name] = hashlib.sha256(body).hexdigest()
    # last of all, so that a folder with a manifest is a whole one
    (VENDOR / "manifest.json").write_text(json.dumps(sums, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return sums


if __name__ == "__main__":
    if "--installed" not in sys.argv[1:]:  # in the container's build npm has run in a stage of its own
        install()
    sys.stdout.writelines(f"{digest}  {name}\n" for name, digest in copy().items())
