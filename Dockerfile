# Two images from one file: `house` (console, clock) and `browser` (worker: the house with a Chromium).
# Needs no other download place than Docker's registry, Debian's packages, PyPI and npm.

FROM node:20-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.12-slim-bookworm AS wheel
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
COPY --from=assets /build/node_modules node_modules
RUN pip install --no-cache-dir --require-hashes -r locks/dev.txt \
 && python scripts/browser_files.py --installed \
 && python -m scripts.compile_lexicon \
 && python -m scripts.compile_prefilter \
 && python -m build --wheel --no-isolation

FROM python:3.12-slim-bookworm AS house
RUN useradd --create-home --uid 10001 xunwang && install -d -o xunwang -g xunwang /data
COPY locks/s3.txt /tmp/runtime.txt
RUN pip install --no-cache-dir --require-hashes -r /tmp/runtime.txt
COPY --from=wheel /build/dist/*.whl /tmp/
RUN pip install --no-cache-dir --no-deps /tmp/*.whl && rm /tmp/*.whl /tmp/runtime.txt
USER xunwang
ENV XUNWANG_HOME=/data
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["xunwang"]
CMD ["serve"]

FROM house AS browser
USER root
RUN apt-get update \
 && apt-get install -y --no-install-recommends chromium fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/*
USER xunwang
CMD ["worker"]
