# mlxgen: `make demo` shows it at work, `make test` runs every test. Both set up what they need, once; nothing needs root or environment variables.
SHELL := /bin/sh
UNAME := $(shell uname -s)
BACKEND ?= $(if $(filter Darwin,$(UNAME)),metal,cpu)
GO ?= go
DEMO := checkpoints/mlxgen/demo

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo "  BACKEND=cpu|cuda|metal chooses MLX's library (here: $(BACKEND))"

.PHONY: tools
tools:
	@tools/setup/need.sh

.PHONY: setup
setup: tools ## fetch MLX, build the shim and the native archive (does nothing when done)
	@tools/setup/setup.sh $(BACKEND)
	@mlx/shim/build.sh $(BACKEND)
	@native/build.sh

.PHONY: build
build: setup ## build bin/mlxgen and bin/mlxgen-gen
	$(GO) build -o bin/mlxgen ./cmd/mlxgen
	CGO_ENABLED=0 $(GO) build -o bin/mlxgen-gen ./cmd/mlxgen-gen

.PHONY: demo
demo: build ## prove, generate and answer with the model in this repository
	@echo; echo "## what the generated packages are proven on"
	@bin/mlxgen list
	@echo; echo "## generating again: the tree must not change"
	@bin/mlxgen gen --check
	@echo; echo "## the demo model"
	@bin/mlxgen inspect --brief $(DEMO)
	@echo; echo "## mlxgen run $(DEMO) 'What is 12 + 30?'"
	@bin/mlxgen run $(DEMO) "What is 12 + 30?"

.PHONY: test
test: setup ## run every test
	$(GO) vet ./...
	CGO_ENABLED=0 $(GO) vet ./...
	CGO_ENABLED=0 $(GO) run ./cmd/mlxgen-gen gen --check
	$(GO) test ./...
	$(GO) test -race -short ./mlx ./runtime/...
	cd native && cargo test --release --locked --quiet

.PHONY: gen
gen: ## write the generated packages
	CGO_ENABLED=0 $(GO) run ./cmd/mlxgen-gen gen

.PHONY: check
check: ## formatting, lint of templates, layering, drift of the generated tree, tidy go.mod
	@unformatted=$$($(GO) tool gofumpt -l $$(git ls-files '*.go')) && test -z "$$unformatted" || { echo "gofumpt: $$unformatted"; exit 1; }
	CGO_ENABLED=0 $(GO) run ./cmd/mlxgen-gen lint
	CGO_ENABLED=0 $(GO) run ./cmd/mlxgen-gen gen --check
	$(GO) test -run TestLayering .
	$(GO) mod tidy -diff

.PHONY: parity
parity: setup ## compare every recipe with the references, one line a case
	@$(GO) test ./test/parity -run TestParity -v >build/parity.log; status=$$?; \
	sed -n 's/^ *parity_test.go:[0-9]*: //p' build/parity.log; tail -n 1 build/parity.log; exit $$status

.PHONY: bench
bench: setup ## host cost of operations and steps
	$(GO) test ./mlx -run xxx -bench . -benchmem

.PHONY: fuzz
fuzz: setup ## fuzz every parser for 20 seconds
	tools/fuzz.sh 20s

.PHONY: install
install: build ## put the libraries into the per-user folder, where programs of other modules find them
	bin/mlxgen setup

.PHONY: clean
clean: ## remove everything that is built or fetched
	rm -rf build bin .deps native/target
