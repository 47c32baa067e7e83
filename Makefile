# What a contributor runs. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := bash

GOLANGCI_VERSION    := v2.15.0
GOVULNCHECK_VERSION := v1.9.0

# Tools are built once for each version, outside the module so that its graph stays the product's.
TOOLS_DIR ?= $(CURDIR)/bin
GOLANGCI    := $(TOOLS_DIR)/golangci-lint-$(GOLANGCI_VERSION)
GOVULNCHECK := $(TOOLS_DIR)/govulncheck-$(GOVULNCHECK_VERSION)

# Where `make audit` finds a running server, and what `make vulnerabilities` compares with.
URL    ?= http://localhost:8080/graphql
VULNDB ?= https://vuln.go.dev
BENCH  ?= .
CRASH  ?= 2m

.PHONY: help
help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-16s %s\n", $$1, $$2 }'

.PHONY: run
run: ## Serve on :8080 with the demo city in ./data
	go run ./server

.PHONY: generate
generate: ## Regenerate ent/db, graph/generated and mobile-contracts from schema, SDL and operations
	go generate ./ent/... ./internal/...
	go run ./graph/codegen
	go generate ./mobile-contracts/...

.PHONY: migration
migration: ## Plan the next migration of both databases: name=reason (needs CITYGRAPH_DEV_DATABASE_URL)
	go run ./ent/migrations/plan $(name)

.PHONY: verify
verify: ## Regenerate everything, plan migrations, and require that nothing changes (needs CITYGRAPH_DEV_DATABASE_URL)
	.ci/verify

.PHONY: lint
lint: $(GOLANGCI) ## Check style, mistakes and the arrows between packages
	$(GOLANGCI) run --allow-serial-runners ./...

.PHONY: test
test: ## Run every test with Go alone
	go test ./...

.PHONY: race
race: ## Run every test under the race detector
	go test -race ./...

.PHONY: crash
crash: ## Have servers and books die under payments for CRASH each, on SQLite or at CITYGRAPH_TEST_DATABASE_URL
	go test -count=1 -v -run '^TestMoneySurvivesKills$$' ./server/crashtest -money $(CRASH)
	go test -count=1 -v -run '^TestHoldsSurviveKills$$' ./internal/ledger -holds $(CRASH)

.PHONY: bench
bench: ## Compare the graph with handlers written by hand, in ratios of one run
	.ci/bench

.PHONY: bench-subscribers
bench-subscribers: ## Weigh ten thousand idle subscribers of each transport
	.ci/bench -subscribers 10000

.PHONY: bench-rush
bench-rush: ## Release 1,000 places to 5,000 people, on SQLite and, where one is named, on PostgreSQL
	env -u CITYGRAPH_TEST_DATABASE_URL go test ./internal/clinic/booking -run '^$$' -bench MorningRush -benchtime 1x -v
	test -z "$$CITYGRAPH_TEST_DATABASE_URL" || go test ./internal/clinic/booking -run '^$$' -bench MorningRush -benchtime 1x -v

.PHONY: bench-threads
bench-threads: ## Let 2,000 listen to live threads on two replicas at 100 messages a second, on SQLite and, where they are named, on PostgreSQL and Redis
	env -u CITYGRAPH_TEST_DATABASE_URL -u CITYGRAPH_TEST_REDIS_URL go test ./internal/school/thread -run '^$$' -bench LiveThreads -benchtime 1x -v
	test -z "$$CITYGRAPH_TEST_DATABASE_URL" || go test ./internal/school/thread -run '^$$' -bench LiveThreads -benchtime 1x -v

.PHONY: bench-go
bench-go: ## Run the Go benchmarks, BENCH=regexp picks some
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: audit
audit: ## Audit GraphQL over HTTP on a running server at URL
	npm ci --silent --no-audit --no-fund --prefix .ci/audit
	node .ci/audit/audit.mjs $(URL)

.PHONY: vulnerabilities
vulnerabilities: $(GOVULNCHECK) ## Look for known vulnerabilities that the code reaches, in VULNDB
	$(GOVULNCHECK) -db $(VULNDB) ./...

.PHONY: tools
tools: $(GOLANGCI) $(GOVULNCHECK) ## Build the pinned tools into TOOLS_DIR

$(GOLANGCI):
	GOBIN=$(TOOLS_DIR) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(TOOLS_DIR)/golangci-lint $@

$(GOVULNCHECK):
	GOBIN=$(TOOLS_DIR) go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	mv $(TOOLS_DIR)/govulncheck $@
