# mlxgen: `make demo` shows it at work, `make test` runs every test. Both set up what they need, once.
SHELL := /bin/sh
BACKEND ?= $(if $(filter Darwin,$(shell uname -s)),metal,cpu)
GO ?= go

LIB := build/lib
export CGO_ENABLED := 1

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
