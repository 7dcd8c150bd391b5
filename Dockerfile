# syntax=docker/dockerfile:1
# The image runs `clause9 serve` as a user without rights, on a root file system that may be read-only. It expects the
# configuration at /etc/clause9/clause9.yaml and keeps its store under /var/lib/clause9 (docs/guide/operating.md).

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: better-sqlite3 and DuckDB come prebuilt, and the package `node` is only for machines without Node 24.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY connectors connectors
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
# Two arenas: what threads free is used again, and not kept by each.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
# `demo` keeps its store beside the example, so this folder belongs to the user.
COPY --chown=node:node examples examples
RUN mkdir -p /etc/clause9 /var/lib/clause9 && chown node:node /var/lib/clause9
USER node
VOLUME /var/lib/clause9
EXPOSE 8080 9464
# Asks the process itself, on the port that `metricsListen` has unless told otherwise.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/src/main.js"]
CMD ["serve", "--config", "/etc/clause9/clause9.yaml", "--metrics-listen", "0.0.0.0:9464"]
