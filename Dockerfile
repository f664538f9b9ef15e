# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /leadstream ./cmd/leadstream

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates chromium curl fonts-liberation redis-server tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 leadstream \
    && install -d -o leadstream -g leadstream /data
# Chromium's own sandbox needs user namespaces, which containers are not given:
# here the container is the sandbox, and nobody in it is root.
RUN echo 'export CHROMIUM_FLAGS="$CHROMIUM_FLAGS --no-sandbox"' > /etc/chromium.d/container
COPY --from=build /leadstream /usr/local/bin/leadstream
USER leadstream
WORKDIR /home/leadstream
# Other containers and published ports reach 0.0.0.0 alone; without API_TOKENS it refuses to start.
ENV HTTP_ADDR=0.0.0.0:3000 DATA_DIR=/data
VOLUME /data
EXPOSE 3000
ENTRYPOINT ["tini", "--", "leadstream"]
CMD ["serve"]
