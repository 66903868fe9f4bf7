#!/bin/sh
# Prepare a fresh machine: check what only root can install, then fill .venv and the browser files.
# Does nothing when the locks have not changed since the last time.
set -eu
cd "$(dirname "$0")/.."
PYTHON="${PYTHON:-python3}"

compile_matcher() {
    .venv/bin/python -m scripts.compile_lexicon
    .venv/bin/python -m scripts.compile_prefilter
    printf '%s' "$lexicon" > "$stamp.lexicon"
}

say() { printf '%s\n' "$*" >&2; }

# --- prerequisites: a Python, Node with npm, a Chromium and a Chinese font ---------------------------------------
missing=""
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || missing="$missing python3.11+"
"$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
chromium=""
for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable microsoft-edge; do
    if command -v "$name" >/dev/null 2>&1; then chromium="$name"; break; fi
done
if [ -z "$chromium" ] && [ ! -x "${XUNWANG_CRAWL__CHROMIUM:-/nonexistent}" ] &&
    ! ls "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}"/chromium* >/dev/null 2>&1; then
    missing="$missing chromium"
fi
if ! { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]; }; then
    missing="$missing fonts-noto-cjk"
fi

if [ -n "$missing" ]; then
    packages=$(printf '%s' "$missing" | sed 's/python3\.11+/python3/')
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "安装前提 / installing prerequisites:$missing"
        apt-get update -qq
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages fontconfig >/dev/null
    else
        say "缺少前提 / prerequisites missing:$missing"
        say "请以管理员身份运行 / ask an administrator to run:"
        say "    sudo apt-get update && sudo apt-get install -y --no-install-recommends$packages fontconfig"
        say "（其他系统请安装 Python 3.11+、Node.js 与 npm、Chromium 或 Chrome、一套中文字体）"
        say "(elsewhere: Python 3.11 or newer, Node.js with npm, Chromium or Chrome, a Chinese font)"
        exit 1
    fi
fi

# --- Python ------------------------------------------------------------------------------------------------------
stamp=.venv/.xunwang-ready
lexicon=$(cat keywords/*.py keywords/*.p[yx][xi] keywords/lexicon/*.yml | cksum)
want=$(cat locks/dev.txt pyproject.toml package-lock.json scripts/setup.sh 2>/dev/null | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && [ -d console/static/vendor ]; then
    [ "$(cat "$stamp.lexicon" 2>/dev/null)" = "$lexicon" ] && exit 0
    compile_matcher
    exit 0
fi

# --- wished for: a C compiler and Python's headers make the matcher quicker --------------------------------------
wished=""
command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 ||
    wished="$wished gcc libc6-dev"
"$PYTHON" -c 'import sys, sysconfig; open(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null ||
    { [ "$(command -v "$PYTHON")" = /usr/bin/python3 ] && wished="$wished python3-dev"; } || true
if [ -n "$wished" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "安装编译器 / installing a compiler:$wished"
    apt-get update -qq || true
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wished >/dev/null ||
        say "装不上也能用，只是慢些 / all works without it, only slower"
fi

say "准备 Python 环境 / preparing .venv"
[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/installer.txt
# uv is the quick way; plain pip, which knows the mirrors of this machine, is the sure one.
# Compiled here, for whoever runs it later may not be allowed to keep what it compiles: three seconds a start.
if ! .venv/bin/uv pip sync -q --compile-bytecode --python .venv/bin/python --require-hashes locks/dev.txt; then
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/dev.txt
fi
.venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .

# --- browser files -----------------------------------------------------------------------------------------------
say "准备网页文件 / preparing browser files"
.venv/bin/python scripts/browser_files.py

# --- the lexicon, read and spelled out, and the matcher's quick half ----------------------------------------------
compile_matcher

printf '%s' "$want" > "$stamp"
say "就绪 / ready"
