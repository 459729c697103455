# kubestage: `make run` builds and serves the page, `make test` runs every test.
# Both install what is missing first (scripts/setup.sh); a second call installs nothing.

PORT ?= 8080
CASES ?= 100000
TARGET ?= all
SECONDS ?= 600
WITH := scripts/with-tools.sh
CARGO := $(WITH) cargo

# What the page is made of; when none of it is newer than dist/, nothing is built.
SOURCES := $(shell find crates src static web scripts/hooks scripts/build.mjs scripts/compress.mjs scripts/third-party.mjs index.html Trunk.toml Cargo.toml Cargo.lock package-lock.json \
	-not -path 'static/generated*' -not -path static -not -name '.*' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run dev test unit e2e check versions licences fmt dist bench bench-web bench-peer size size-record shots soak fuzz fuzz-keep golden corpus clone-test clean setup setup-test setup-npm setup-rust

help: ## what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /|/' | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run: dist ## build the page and serve it at http://127.0.0.1:8080/ (PORT=8080)
	@node scripts/serve.mjs --dir dist --port $(PORT)

dev: setup ## the same, built anew at every change of a file, without optimisation
	@$(WITH) node scripts/dev.mjs --port $(PORT)

test: setup-test unit e2e ## every test, the browser's too

unit: ## the tests that need no browser
	@$(CARGO) test --locked --workspace

e2e: setup-test dist ## the page's tests in Chromium (ARGS='-g words' chooses some)
	@$(WITH) playwright test $(ARGS)

check: setup-rust setup-npm versions licences ## formatting, lints and docs, with warnings as errors
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --workspace --no-default-features --all-targets -- -D warnings
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) clippy --locked --target wasm32-unknown-unknown -p stage -- -D warnings
	$(CARGO) clippy --locked --target wasm32-unknown-unknown --bin web -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --workspace --no-deps
	$(WITH) tsc --noEmit

versions: # what Trunk.toml and the lock files say is the same
	@node scripts/versions.mjs

licences: # of everything that the page is built with
	@$(WITH) node scripts/licences.mjs

fmt: ## format the Rust sources
	$(CARGO) fmt

dist: dist/index.html ## the page as a folder that any static host serves from any path

dist/index.html: $(SOURCES) | setup
	@echo "Building the page (the first time takes some minutes, as all crates are compiled)" >&2
	@$(WITH) node scripts/build.mjs

bench: setup-rust ## native benchmarks
	$(CARGO) bench --locked --no-default-features

bench-web: setup-test dist ## benchmarks in Chromium; prints one JSON
	@$(WITH) node tests/e2e/bench.mjs

bench-peer: setup-test dist ## 500 pods on 500 nodes, beside the npm package @ngrok/webernetes; prints one JSON
	@cd tests/e2e/peer && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	@$(WITH) node tests/e2e/peer.mjs

size: dist ## what a visitor downloads; fails when it is over the budget in scripts/size-budget.json
	@node scripts/size.mjs

size-record: dist ## make what a visitor downloads now the budget
	@node scripts/size.mjs --record

shots: setup-test dist ## take the pictures of the README anew (ARGS='phone' chooses, ARGS=--all takes every moment)
	@$(WITH) node scripts/shots.mjs $(ARGS)

soak: ## the property tests (prop_…) with CASES=100000 random cases
	PROPTEST_CASES=$(CASES) $(CARGO) test --locked --workspace --no-default-features --profile soak prop_

fuzz: ## fuzz the readers and the console (TARGET=yaml|manifest|console|session, SECONDS=600 each)
	@scripts/fuzz.sh $(TARGET) $(SECONDS)

fuzz-keep: ## keep what fuzzing found in fuzz/corpus, small and without repetition
	@scripts/fuzz.sh keep $(TARGET)

golden: ## rewrite the expected texts from what the program says now; read the diff
	UPDATE_EXPECT=1 $(CARGO) test --locked --workspace --no-default-features --no-fail-fast

corpus: ## fetch the manifests of other projects that tests read where CORPUS_DIR is
	@node scripts/corpus.mjs

clone-test: ## the tests that need no browser, in a clone with nothing beside it
	@scripts/clone-test.sh

clean: ## remove what was built; the installed tools stay
	$(CARGO) clean
	rm -rf dist dist-dev dist.new dist-dev.new static/generated tests/e2e/artifacts

setup:
	@scripts/setup.sh build

setup-test:
	@scripts/setup.sh test

setup-npm:
	@scripts/setup.sh npm

setup-rust:
	@scripts/setup.sh rust
