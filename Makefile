# Short names for daily work; `make help` lists them. The builds themselves are described in CMakePresets.json.
PRESET ?= release
FUZZ_SECONDS ?= 60
SERVERS ?=
KAZOO_SOAK_SECONDS ?= 120

.DEFAULT_GOAL := help
.NOTPARALLEL:

# Builds everything that PRESET holds, tests included.
BUILD_TESTS = ./scripts/install-deps.sh test && cmake --preset $(PRESET) && cmake --build --preset $(PRESET)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
	    printf '  make %-14s %s\n' "$$name" "$$text"; done
	@echo
	@echo '  PRESET=dev|release|asan|tsan picks the build of test, unit, sim, integration, real and soak (now: $(PRESET)).'

.PHONY: build
build: ## the library and kz, optimised, in build/release
	./scripts/install-deps.sh build
	cmake --preset release -DKAZOO_BUILD_TESTS=OFF -DKAZOO_BUILD_EXAMPLES=OFF
	cmake --build --preset release

.PHONY: deb
deb: ## Debian packages libkazoo0, libkazoo-dev and kz, in build/deb/packages
	./scripts/install-deps.sh deb
	./scripts/make-deb.sh

.PHONY: demo
demo: build ## watch a session survive what the network does; SERVERS=host:port,... shows it on real servers
	SERVERS='$(SERVERS)' ./scripts/demo.sh

.PHONY: test
test: ## everything: unit, sim, integration, real servers, examples, install
	./scripts/test-all.sh $(PRESET)

.PHONY: unit sim integration real
unit: ## the tests without sockets and time
sim: ## the simulated worlds
integration: ## the tests over loopback with the embedded server
real: ## the tests with real Apache ZooKeeper servers
unit sim integration real:
	$(BUILD_TESTS)
	./scripts/run-tests.sh $(PRESET) $@

.PHONY: soak
soak: ## six processes share a lock, then all recipes at once under fire: KAZOO_SOAK_SECONDS each
	$(BUILD_TESTS)
	KAZOO_SOAK_SECONDS=$(KAZOO_SOAK_SECONDS) ./build/$(PRESET)/tests/real --gtest_filter='soak.*:soak_recipes.*'

.PHONY: soak-lease
soak-lease: ## locks on real servers whose network breaks: every fault once (7 minutes), or for KAZOO_SOAK_SECONDS
	$(BUILD_TESTS)
	./build/$(PRESET)/tests/real --gtest_filter='soak_lease.*'

.PHONY: soak-receipts
soak-receipts: ## 10,000 transactions with receipts on three real servers that suffer, and what each was told (8 minutes)
	$(BUILD_TESTS)
	./build/$(PRESET)/tests/real --gtest_filter='soak_receipts.*'

.PHONY: asan tsan
asan: ## unit, sim and integration under AddressSanitizer and UndefinedBehaviorSanitizer
	./scripts/install-deps.sh test
	cmake --preset asan && cmake --build --preset asan --target tests_unit tests_sim tests_integration
	./scripts/run-tests.sh asan unit sim integration
tsan: ## unit and integration under ThreadSanitizer
	./scripts/install-deps.sh test
	cmake --preset tsan && cmake --build --preset tsan --target tests_unit tests_integration
	./scripts/run-tests.sh tsan unit integration

.PHONY: fuzz
fuzz: ## every fuzzer for FUZZ_SECONDS seconds
	./scripts/install-deps.sh test
	./scripts/fuzz.sh $(FUZZ_SECONDS)

.PHONY: mutants
mutants: ## breaks one safeguard after the other; the tests must notice each
	./scripts/install-deps.sh test
	./scripts/mutants.sh

.PHONY: bench
bench: ## speed, beside other clients; BENCH_ARGS selects
	./scripts/install-deps.sh bench
	cmake --preset release -DKAZOO_BUILD_TESTS=OFF -DKAZOO_BUILD_EXAMPLES=OFF -DKAZOO_BUILD_BENCH=ON
	cmake --build --preset release
	./build/release/bench/kazoo_bench $(BENCH_ARGS)

.PHONY: format check-format lint
format: ## lays the sources out
	./scripts/sources.sh --new | xargs -r clang-format-19 -i
check-format: ## fails where `make format` would change something
	./scripts/sources.sh | xargs -r clang-format-19 --dry-run -Werror
lint: check-format ## check-format, the rooms of the house, coroutines, the contract, texts of public members, the scripts
	./scripts/check_layers.py
	./scripts/check_coroutines.py
	./scripts/check_contract.py
	@if command -v doxygen >/dev/null; then ./scripts/check_docs.py; else echo 'doxygen is not installed'; fi
	@if command -v shellcheck >/dev/null; then shellcheck scripts/*.sh .ci/run; else echo 'shellcheck is not installed'; fi

.PHONY: clean
clean: ## removes build/
	rm -rf build
