.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

# buf finds its plugin, protoc-gen-es, on the PATH.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

BIN := node_modules/.bin
INSTALLED := node_modules/.stamp
BUILT := dist/.stamp
# Folders too: their time changes when a file in them goes. gen itself is the name of a target.
SOURCES := $(shell find cli console core edge common client device gen/* -path '*/dist' -prune -o -path '*/node_modules' -prune -o \
	-type d -print -o -name '*.ts' -print -o -name '*.tsx' -print -o -name '*.html' -print -o -name '*.css' -print -o -name '*.svg' -print -o -name '*.sql' -print -o -name '*.json' -print 2>/dev/null)

.PHONY: help install build run release verify vapid gen migrations test packages browser fault fault-short hostile hostile-short fuzz fuzz-short matrix bench bench-quick bench-gate check format lint arrows types format-current buf-lint buf-breaking gen-current clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## install the dependencies that package-lock.json names

$(INSTALLED): package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

build: $(BUILT) ## compile into dist/, and the packages into client/dist/ and device/dist/

$(BUILT): $(INSTALLED) $(SOURCES) tsconfig.json tsconfig.build.json
	@rm -rf dist client/dist device/dist
	$(BIN)/tsc -p tsconfig.build.json
	$(BIN)/tsc -p client/tsconfig.json
	$(BIN)/tsc -p device/tsconfig.json
	$(BIN)/tsc -p device/tsconfig.node.json
	$(BIN)/vite build --config console/vite.config.ts
	@cp LICENSE client/dist/LICENSE
	@cp LICENSE device/dist/LICENSE
	@mkdir -p dist/core/store dist/edge/page dist/docs
	@cp -R core/store/migrations dist/core/store/migrations
	@cp edge/page/page.html edge/page/page.css dist/edge/page/
	@cp docs/*.md dist/docs/
	$(BIN)/vite build --config edge/page/vite.config.ts
	$(BIN)/vite build --config edge/page/vite.config.ts --mode worker
	@chmod +x dist/cli/main.js
	@touch $@

run: build ## start a core and an edge on SQLite, with no configuration
	node dist/cli/main.js up

release: build ## pack a release for this platform into release/: an archive and its sha256
	sh tools/release/archive.sh release

verify: build ## check the sums of deliveries in the store (ONEPUSH_DATABASE_URL)
	node dist/cli/main.js verify

vapid: build ## print a new pair of keys for Web Push
	@node dist/cli/main.js vapid

gen: $(INSTALLED) ## generate gen/ and docs/api.md from proto/, docs/rest.md, docs/command.md and the tables of the settings
	$(BIN)/buf generate
	$(BIN)/buf generate --template buf.gen.docs.yaml
	node --import tsx tools/settings/main.ts
	node --import tsx tools/command/main.ts
	node --import tsx tools/rest-docs/main.ts
	$(BIN)/biome format --write README.md README.zh-CN.md docs/operations.md docs/operations.zh-CN.md docs/command.md

migrations: $(INSTALLED) ## write the migrations that the schemas of both dialects ask for
	$(BIN)/drizzle-kit generate --config core/store/schema/drizzle.mysql.config.ts
	$(BIN)/drizzle-kit generate --config core/store/schema/drizzle.sqlite.config.ts

test: build ## run the tests; ARGS=test/unit narrows them
	$(BIN)/vitest run $(ARGS)

packages: build ## pack and install the packages, try the examples, the commands and clients of others, five minutes
	$(BIN)/vitest run --config vitest.packages.config.ts $(ARGS)

browser: build ## try the page, its service worker, the example and the device package in Chromium, three minutes
	$(BIN)/vitest run --config vitest.browser.config.ts $(ARGS)

fault: build ## kill, cut off and confuse processes, links and databases, longer than fault-short; FAULT_WRITE=1 puts the table into docs/reliability.md
	$(BIN)/vitest run --config vitest.fault.config.ts $(ARGS)

fault-short: build ## the same with fewer faults and less of each, 20 minutes
	FAULT=short $(BIN)/vitest run --config vitest.fault.config.ts $(ARGS)

hostile: build ## let strangers attack, 13 minutes; HOSTILE_WRITE=1 puts the table into docs/reliability.md
	$(BIN)/vitest run --config vitest.hostile.config.ts $(ARGS)

hostile-short: build ## the same with fewer attacks and less of each, 6 minutes
	HOSTILE=short $(BIN)/vitest run --config vitest.hostile.config.ts $(ARGS)

fuzz: build ## try a million inputs at all doors, 8 minutes; FUZZ_SEED repeats a run, FUZZ_WRITE=1 puts the table into docs/reliability.md
	$(BIN)/vitest run --config vitest.fuzz.config.ts $(ARGS)

fuzz-short: build ## the same with 20,000 inputs, half a minute
	FUZZ=short $(BIN)/vitest run --config vitest.fuzz.config.ts $(ARGS)

matrix: build ## run the store's suite and a core with an edge on each of MATRIX_NODES and MATRIX_SERVERS
	@node --import tsx tools/matrix/main.ts

bench: build ## measure against bare floors, 24 minutes; BENCH_WRITE=1 puts the figures into docs/; ARGS='2 10' picks rows
	node --import tsx test/bench/main.ts $(ARGS)

bench-quick: build ## the same with fewer and shorter measurements, 2 minutes
	BENCH=quick node --import tsx test/bench/main.ts $(ARGS)

bench-gate: build ## fail when a hot row has lost a fifth of its ratio to the floor, 2 minutes
	node --import tsx test/bench/gate.ts

check: build format-current lint arrows types buf-lint buf-breaking gen-current test packages browser fault-short hostile-short fuzz-short bench-gate ## everything that CI checks

format: $(INSTALLED) ## format the sources and sort their imports
	$(BIN)/biome check --write --linter-enabled=false .

format-current: $(INSTALLED) ## fail on what `make format` would change
	$(BIN)/biome check --linter-enabled=false .

lint: $(INSTALLED) ## lint the sources; a warning fails
	$(BIN)/biome lint --error-on-warnings .

arrows: $(INSTALLED) ## check who imports whom, and that there is no circle
	$(BIN)/depcruise --output-type err cli console core edge common client device

types: $(INSTALLED) ## check the types, those of the tests too
	$(BIN)/tsc -p tsconfig.json
	$(BIN)/tsc -p edge/page/client/tsconfig.json
	$(BIN)/tsc -p console/tsconfig.json

buf-lint: $(INSTALLED) ## lint proto/
	$(BIN)/buf lint

# What a branch does to main counts, from where it began; on main itself, what main does to the last release. A shallow clone may not know
# where a branch began: then main as it is now.
buf-breaking: $(INSTALLED) ## compare proto/ with origin/main, or else with the last release tag
	@head=$$(git rev-parse -q --verify HEAD 2>/dev/null); main=$$(git rev-parse -q --verify origin/main 2>/dev/null); \
	if [ -n "$$main" ]; then base=$$(git merge-base HEAD "$$main" 2>/dev/null) || base=$$main; else base=$$head; fi; \
	name=origin/main; [ "$$base" != "$$head" ] || { base=$$(git describe --tags --abbrev=0 2>/dev/null); name=$$base; }; \
	[ -n "$$base" ] || { echo 'buf breaking: neither another origin/main nor a release tag to compare with'; exit 0; }; \
	dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	echo "buf breaking against $$name"; git archive "$$base" proto buf.yaml | tar -x -C "$$dir" && $(BIN)/buf breaking --against "$$dir"

gen-current: $(INSTALLED) ## fail when gen/, docs/api.md and docs/rest.md are not what is generated
	@dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	$(BIN)/buf generate -o "$$dir" && diff -r gen "$$dir/gen" && \
	$(BIN)/buf generate --template buf.gen.docs.yaml -o "$$dir" && diff docs/api.md "$$dir/docs/api.md" && \
	node --import tsx tools/rest-docs/main.ts "$$dir/rest.md" && diff docs/rest.md "$$dir/rest.md" || \
	{ echo 'gen/, docs/api.md or docs/rest.md is not current: run make gen' >&2; exit 1; }

clean: ## remove what build and tests leave behind; data/ stays
	rm -rf dist client/dist device/dist coverage release
