GOLANGCI_LINT_VERSION := v2.15.0
LINT := bin/golangci-lint-$(GOLANGCI_LINT_VERSION)
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 20s
STRESSCOUNT ?= 3
CHECKS ?= 50

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F '\t' '{printf "  %-12s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## Install what running and testing need and this machine lacks
	@scripts/setup redis chromium postgres node cc

.PHONY: build
build: ## Build bin/leadstream
	@mkdir -p bin
	go build -ldflags '-X main.version=$(VERSION)' -o bin/leadstream ./cmd/leadstream

.PHONY: run
run: build ## Run everything in one process, on http://127.0.0.1:3000
	@scripts/setup redis chromium
	bin/leadstream serve

.PHONY: demo
demo: build ## Run everything against an invented town: no account, no internet
	@scripts/setup redis chromium
	bin/leadstream demo

.PHONY: test
test: setup ## Run every test, with the race detector
	go test -race -shuffle=on -timeout 10m ./...

.PHONY: test-short
test-short: ## Run the tests that need no other program
	go test -short -shuffle=on ./...

.PHONY: lint
lint: $(LINT) ## Run the linters
	$(LINT) run ./...

.PHONY: fmt
fmt: $(LINT) ## Format, and apply the linters' own fixes
	$(LINT) fmt ./...
	$(LINT) run --fix ./...

.PHONY: generate
generate: ## Write .env.example from the settings
	go test ./config -run '^TestExampleFileIsUpToDate$$' -update

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (20s)
	@scripts/fuzz $(FUZZTIME)

.PHONY: stress
stress: setup ## Run the work queue's long proofs: faults, properties, Watermill's stress suite
	LEADSTREAM_STRESS=1 STRESS_TEST_COUNT=$(STRESSCOUNT) go test -tags stress -count=1 -timeout 60m \
		-run 'PubSub|Fault|Property|Stress|Cancel|Drain' ./adapters/workqueue ./adapters/jobstore -rapid.checks=$(CHECKS)

.PHONY: bench
bench: setup ## Measure: the work queue beside others, then every Go benchmark (docs/performance.md)
	cd bench && go run .
	go test -p 1 -run '^$$' -bench . -benchmem ./... # one package at a time: BenchmarkScrape measures a browser's pace and memory

.PHONY: architecture
architecture: ## Check who imports whom
	go test -count=1 .

.PHONY: check
check: lint architecture test ## All that CI runs

.PHONY: clean
clean: ## Remove what was built; data stays
	rm -rf bin coverage.out

# Named after its version, so that a new one is fetched when the pin moves.
$(LINT):
	@mkdir -p bin
	GOBIN='$(CURDIR)/bin' go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv bin/golangci-lint $@
