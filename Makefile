# Data Flow. `make up` brings the platform up on a bare Debian machine, `make test` proves it; `make help` lists the rest.
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
Q := $(if $(V),,@)

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
SAN     ?=
OUT     := build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
comma   := ,

WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Werror
HARD := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
DIRS := lib platformctl $(addprefix platformctl/,catalogue host fetch supervise doctor run agent)
CPPFLAGS += -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DPREFIX='"$(PREFIX)"' $(addprefix -I,$(DIRS)) -I/usr/include/postgresql
CFLAGS   ?= -O2 -g
ALL_CFLAGS := -std=gnu17 $(WARN) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer,$(HARD)) $(CFLAGS)
ALL_LDFLAGS := $(if $(SAN),-fsanitize=$(SAN),-pie -Wl$(comma)-z$(comma)relro -Wl$(comma)-z$(comma)now) -Wl,--as-needed $(LDFLAGS)
CTL_LIBS   := -lyaml -ljansson -lcrypto
AGENT_LIBS := $(CTL_LIBS) -lcurl -lpq -lrdkafka -lavro -pthread -lm

obj = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
LIB_OBJ   := $(call obj,$(wildcard lib/*.c))
CTL_OBJ   := $(call obj,$(filter-out %/main.c %/command.c %/agent/%,$(wildcard platformctl/*.c platformctl/*/*.c)))
CTL_OBJ   := $(filter-out $(OUT)/obj/platformctl/agent/%,$(CTL_OBJ))
AGENT_OBJ := $(call obj,$(wildcard platformctl/agent/*.c))
UNIT      := $(patsubst tests/unit/%.c,$(OUT)/tests/%,$(wildcard tests/unit/test_*.c))
TOOLS     := $(patsubst tests/tools/%.c,$(OUT)/tests/%,$(wildcard tests/tools/*.c))

.PHONY: all help setup setup-test up down test check unit unit-san bats e2e pytest fuzz lint docs format install clean
all: $(OUT)/platformctl $(OUT)/platform-agent

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

# --- set-up ---------------------------------------------------------------------------------------------------------
setup: ## install the Debian packages that building and running need, after naming them
	@setup/packages.sh setup/build.txt setup/run.txt
setup-test: setup
	@setup/packages.sh setup/test.txt

up: setup ## set up, build, start the platform and run the demo
	@$(MAKE) --no-print-directory all
	@$(OUT)/platformctl up
	@$(OUT)/platformctl demo
down: all ## stop the platform; data is kept
	@$(OUT)/platformctl down

test: setup-test ## set up, build and run every test
	@$(MAKE) --no-print-directory check
check: all ## every test, without set-up
	@tests/run.sh
bats: all ## the command line, without services
	bats tests/bats
e2e: all ## the platform end to end
	bats tests/e2e

# --- programs -------------------------------------------------------------------------------------------------------
$(OUT)/libdataflow.a: $(LIB_OBJ)
$(OUT)/libplatform.a: $(CTL_OBJ)
$(OUT)/libagent.a: $(AGENT_OBJ)
$(OUT)/%.a:
	@rm -f $@ && ar rcs $@ $^

$(OUT)/platformctl: $(OUT)/obj/platformctl/main.o $(OUT)/obj/platformctl/command.o $(OUT)/libplatform.a $(OUT)/libdataflow.a
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(CTL_LIBS) -o $@
$(OUT)/platform-agent: $(OUT)/obj/platformctl/main.o $(OUT)/obj/platformctl/command-agent.o $(OUT)/libagent.a $(OUT)/libplatform.a $(OUT)/libdataflow.a
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(AGENT_LIBS) -o $@

$(OUT)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(OUT)/obj/%-agent.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -DPLATFORM_AGENT $(ALL_CFLAGS) -MMD -MP -c $< -o $@
-include $(wildcard $(OUT)/obj/*.d $(OUT)/obj/*/*.d $(OUT)/obj/*/*/*.d)

# --- tests ----------------------------------------------------------------------------------------------------------
$(OUT)/tests/%: $(OUT)/obj/tests/unit/%.o $(OUT)/obj/platformctl/command-agent.o $(OUT)/libagent.a $(OUT)/libplatform.a $(OUT)/libdataflow.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(AGENT_LIBS) -lcmocka -o $@
.SECONDARY:

unit: $(UNIT) ## unit tests
	@tests/unit/run.sh $(UNIT)
unit-san: ## unit tests under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory SAN=address,undefined CFLAGS="-O1 -g" unit
fuzz: ## fuzz the catalogue parser and the templates for FUZZ_SECONDS (default 20) each
	@tests/fuzz/run.sh
pytest: ## tests of the Spark job
	@services/spark/tests/run.sh
lint: ## shell and C style
	shellcheck $$(git ls-files '*.sh' '*.bats')
	clang-format --dry-run --Werror $$(git ls-files '*.c' '*.h')
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

# --- installation ---------------------------------------------------------------------------------------------------
docs: $(OUT)/platformctl.1
$(OUT)/platformctl.1: $(OUT)/platformctl
	$(OUT)/platformctl help --man > $@

install: all docs ## install into $(DESTDIR)$(PREFIX)
	install -D -m 755 $(OUT)/platformctl $(DESTDIR)$(PREFIX)/bin/platformctl
	install -D -m 755 $(OUT)/platform-agent $(DESTDIR)$(PREFIX)/libexec/dataflow/platform-agent
	install -D -m 644 $(OUT)/platformctl.1 $(DESTDIR)$(PREFIX)/share/man/man1/platformctl.1
	mkdir -p $(DESTDIR)$(PREFIX)/share/dataflow
	cp -R services runtimes init-scripts setup $(DESTDIR)$(PREFIX)/share/dataflow/
	rm -rf $(DESTDIR)$(PREFIX)/share/dataflow/services/*/tests
	mkdir -p $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(OUT)/platformctl completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/platformctl
	$(OUT)/platformctl completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_platformctl
	$(OUT)/platformctl completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/platformctl.fish

clean: ## remove what was built
	rm -rf build
