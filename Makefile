#
# ngx_http_model_module: "make help" says what this does.
#

SHELL     = /bin/bash

NGINX    ?= /usr/sbin/nginx
NGINX_SRC ?=
NGINX_TREES ?=
STATIC   ?=
TESTS    ?= t
FUZZ_SECONDS ?= 60
NGINX_OPTS ?=
JOBS     ?= $(shell nproc)

export JOBS NGINX_SRC NGINX_TREES

.NOTPARALLEL:

tools     = t/tools
top      := $(CURDIR)
sanitize  = build/sanitize$(if $(NGINX_SRC),-$(version))
sdk       = $(top)/build/sdk

# Debian packages, "command:package" where the command is what counts

build_deps = gcc:gcc make:make libc6-dev libyajl-dev libssl-dev
dev_deps   = nginx:nginx nginx-dev
tree_deps  = libpcre2-dev zlib1g-dev
source_deps = dpkg-source:dpkg-dev objcopy:binutils
test_deps  = prove:perl openssl:openssl curl:curl libio-socket-ssl-perl \
             python3-jsonschema \
             envsubst:gettext-base promtool:prometheus chromium:chromium \
             $(source_deps)
check_deps = clang:clang libclang-rt-14-dev cppcheck:cppcheck \
             shellcheck:shellcheck

# what a test nginx is built with

nginx_opts = --prefix=$(top)/build --with-debug --with-threads \
    --with-http_ssl_module --with-http_v2_module --with-http_realip_module \
    --with-http_auth_request_module --with-http_stub_status_module \
    --without-http_uwsgi_module --without-http_scgi_module \
    --without-http_fastcgi_module --without-http_memcached_module \
    --without-http_grpc_module

sanitizers = -fsanitize=address,undefined \
    -fno-sanitize=alignment,nonnull-attribute
sanitize_cc = -O1 -g -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1 $(sanitizers)

sanitize_env = \
    ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0 \
    LSAN_OPTIONS=suppressions=$(top)/t/lsan.supp:print_suppressions=0 \
    UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=0

test_env = TEST_SDK_NODE_MODULES=$(sdk)/node_modules \
    TEST_SDK_NODE=$(sdk)/node \
    TEST_SDK_PYTHON=$(sdk)/venv/bin/python \
    TEST_SDK_GO=$(sdk)/ollama_go

prove = prove -r -j2 $(TESTS)

ifneq ($(NGINX_SRC),)
version := $(shell sed -n 's/.* NGINX_VERSION  *"\(.*\)"/\1/p' \
               $(NGINX_SRC)/src/core/nginx.h 2> /dev/null)
tree    := build/nginx-$(version)$(if $(STATIC),-static)
test_binary := $(top)/$(tree)/nginx
test_module := $(if $(STATIC),,$(tree)/ngx_http_model_module.so)
else
test_binary := $(NGINX)
test_module := build/ngx_http_model_module.so
endif


## make                 build/ngx_http_model_module.so for Debian's nginx
## make NGINX_SRC=dir [STATIC=1]
##                      nginx of that source tree and the module: build/nginx-*

ifeq ($(NGINX_SRC),)
default: module
else
default: tree
endif

module: nginx-dev-modules
	@ln -f build/nginx-dev/ngx_http_model_module.so build/
	@echo "build/ngx_http_model_module.so is ready"

# "headers" is as far as programs need it that are no module

headers: nginx-dev-headers

nginx-dev-modules nginx-dev-headers:
	@$(tools)/deps $(build_deps) $(dev_deps)
	@. /usr/share/nginx/src/conf_flags; \
	$(tools)/build build/nginx-dev /usr/share/nginx/src $(@:nginx-dev-%=%) \
	    "$${NGX_CONF_FLAGS[@]}" \
	    --with-cc-opt="$$(dpkg-buildflags --get CFLAGS) -fPIC \
	        $$(dpkg-buildflags --get CPPFLAGS)" \
	    --with-ld-opt="$$(dpkg-buildflags --get LDFLAGS) -fPIC"

tree:
	@test -n "$(version)" || { \
	    echo "NGINX_SRC=$(NGINX_SRC) is no nginx source tree" >&2; exit 1; }
	@$(tools)/deps $(build_deps) $(tree_deps)
	@$(tools)/build $(tree) $(NGINX_SRC) $(if $(STATIC),static,dynamic) \
	    $(nginx_opts) $(NGINX_OPTS)
	@echo "$(tree)/nginx is ready"

## make sanitize        build/sanitize/nginx, with ASan and UBSan

sanitize: sanitize-static
	@echo "$(sanitize)/nginx is ready"

sanitize-static sanitize-library:
	@$(tools)/deps $(build_deps) $(tree_deps) $(source_deps)
	@source=$$($(tools)/source build/src) \
	&& $(tools)/build $(sanitize) "$$source" $(@:sanitize-%=%) \
	    $(nginx_opts) --with-cc-opt="$(sanitize_cc)" \
	    --with-ld-opt="$(sanitizers)"


## make test            all of t/, with Debian's nginx and once more with the
##                      sanitizer build; TESTS="t/a.t t/b.t" for some of it
## make prove           with Debian's nginx only, or with that of NGINX_SRC
## make prove-sanitize  with the sanitizer build only

test: prove-deps module sanitize unit sdk
	@status=0; \
	$(MAKE) -s prove-run NGINX_SRC= STATIC= || status=1; \
	$(MAKE) -s prove-sanitize-run || status=1; \
	exit $$status

prove: prove-deps default unit
	@$(MAKE) -s prove-run

prove-sanitize: prove-deps sanitize unit
	@$(MAKE) -s prove-sanitize-run

prove-deps:
	@$(tools)/deps $(test_deps)

prove-run:
	@echo "== tests with $(test_binary)"
	@$(test_env) TEST_NGINX_BINARY=$(test_binary) \
	    $(if $(test_module),TEST_NGINX_MODULE=$(top)/$(test_module)) \
	    $(if $(STATIC),TEST_NGINX_STATIC=1) \
	    TEST_UNIT_DIR=$(top)/build/unit $(prove)

prove-sanitize-run:
	@echo "== tests with $(sanitize)/nginx"
	@$(test_env) $(sanitize_env) TEST_NGINX_STATIC=1 \
	    TEST_NGINX_BINARY=$(top)/$(sanitize)/nginx \
	    TEST_UNIT_DIR=$(top)/build/unit-sanitize $(prove)


## make unit            the C programs of t/unit, plain and sanitized

# The first line of a program names what it is linked with:
#   /* unit: src/ngx_http_model_scan.c ... [+ nginx] */
# "+ nginx" adds what else it needs, of the module and of nginx itself, from
# the sanitizer build.

first   = $(shell sed -n '1s,^/\* unit: *\(.*\)\*/ *$$,\1,p' $1)
sources = $(filter src/%,$(call first,$1))
whole   = $(filter nginx,$(call first,$1))
headers = $(wildcard src/*.h t/unit/*.h t/fuzz/*.h)

units   = $(patsubst t/unit/%.c,%,$(wildcard t/unit/*.c))
fuzzers = $(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c))

nginx_dirs = core event event/modules os/unix http http/modules http/v2
includes = $(nginx_dirs:%=-isystem $1/src/%) -isystem $2 -Isrc -It/unit
dev_incs = $(call includes,/usr/share/nginx/src,build/nginx-dev)
san_incs = $(call includes,$(sanitize)/tree,$(sanitize))

unit_cc  = gcc -std=gnu99 -Wall -Wextra -Werror -g -O1
fuzz_cc  = clang -std=gnu99 -Wall -Wextra -Wno-unused-parameter -Werror -g -O1 \
    -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined \
    -fno-sanitize=alignment,nonnull-attribute,pointer-overflow,function
unit_libs = -lyajl -lcrypto

library  = $(sanitize)/libmodel.a $(sanitize)/libnginx.a
nginx_libs = $(library) $(shell sed -n \
    '/ngx_modules.o \\$$/{n;s/ *\\$$//p}' $(sanitize)/Makefile)

unit: headers $(if $(units),sanitize-library)
	@$(if $(units),$(MAKE) -s -k -j$(JOBS) unit-programs)

.PHONY: unit-programs

unit-programs: $(units:%=build/unit/%) $(units:%=build/unit-sanitize/%)

define unit_rules
build/unit/$1: t/unit/$1.c $(call sources,t/unit/$1.c) $(headers) \
        build/nginx-dev/.stamp $(if $(call whole,t/unit/$1.c), \
        build/unit-sanitize/$1)
	@mkdir -p $$(@D)
	$(if $(call whole,t/unit/$1.c),ln -f build/unit-sanitize/$1 $$@,\
	    $(unit_cc) $(dev_incs) -o $$@ $$(filter %.c,$$^) $(unit_libs))

build/unit-sanitize/$1: t/unit/$1.c $(call sources,t/unit/$1.c) $(headers) \
        $(if $(call whole,t/unit/$1.c),$(library),$(sanitize)/.stamp)
	@mkdir -p $$(@D)
	$(unit_cc) $(sanitize_cc) $(san_incs) -o $$@ $$(filter %.c,$$^) \
	    $(if $(call whole,t/unit/$1.c),$$(nginx_libs),$(unit_libs))
endef

define fuzz_rules
build/fuzz/$1: t/fuzz/$1.c $(call sources,t/fuzz/$1.c) $(headers) \
        $(if $(call whole,t/fuzz/$1.c),$(library),build/nginx-dev/.stamp)
	@mkdir -p $$(@D)
	$(fuzz_cc) $(if $(call whole,t/fuzz/$1.c),-DNGX_DEBUG_PALLOC=1 \
	    $(san_incs),$(dev_incs)) -o $$@ $$(filter %.c,$$^) \
	    $(if $(call whole,t/fuzz/$1.c),$$(nginx_libs),$(unit_libs))
endef

$(foreach u,$(units),$(eval $(call unit_rules,$u)))
$(foreach f,$(fuzzers),$(eval $(call fuzz_rules,$f)))

## make fuzz            each fuzz target of t/fuzz for FUZZ_SECONDS; what they
##                      find stays in build/fuzz

fuzz: headers $(if $(fuzzers),sanitize-library)
	@$(tools)/deps clang:clang libclang-rt-14-dev objcopy:binutils
	@$(if $(fuzzers),$(MAKE) -s -j$(JOBS) $(fuzzers:%=build/fuzz/%))
	@for name in $(fuzzers); do \
	    $(tools)/fuzz $$name $(FUZZ_SECONDS) || exit 1; \
	done


## make sdk             official SDKs of three vendors and JSON Schemas of their
##                      types, Ollama's Go package if there is a Go,
##                      playwright-core that drives Chromium, Node 22: build/sdk

sdk:
	@$(tools)/sdk $(sdk)


## make screenshots     the pictures of the page in docs/

screenshots: prove-deps module sdk
	@$(test_env) TEST_NGINX_BINARY=$(NGINX) \
	    TEST_NGINX_MODULE=$(top)/build/ngx_http_model_module.so \
	    $(tools)/screenshots

## make check           style, cppcheck, clang's analyzer and warnings,
##                      shellcheck, 10 s of each fuzz target

check: prove-deps headers
	@$(tools)/deps $(check_deps)
	@$(tools)/check
	@$(MAKE) -s fuzz FUZZ_SECONDS=10

## make bench           requests through model_pass next to plain proxy_pass,
##                      what counting costs, the status with many models

bench: prove-deps module
	@$(tools)/deps wrk:wrk valgrind:valgrind
	@for name in run count api; do \
	    TEST_NGINX_BINARY=$(NGINX) \
	        TEST_NGINX_MODULE=$(top)/build/ngx_http_model_module.so \
	        t/bench/$$name || exit 1; \
	done

## make compat          compiles against each source tree in NGINX_TREES

compat:
	@$(tools)/deps $(build_deps) $(tree_deps)
	@test -n "$(NGINX_TREES)" || { \
	    echo 'make compat NGINX_TREES="dir dir ..."' >&2; exit 1; }
	@for tree in $(NGINX_TREES); do \
	    version=$$(sed -n 's/.* NGINX_VERSION  *"\(.*\)"/\1/p' \
	        $$tree/src/core/nginx.h) || exit 1; \
	    $(tools)/build build/compat-$$version $$tree modules \
	        $(nginx_opts) || exit 1; \
	    echo "nginx $$version: compiles"; \
	done


## make run             a gateway on 127.0.0.1:8080, tried out
## make stop            ends what "make run" started

run:
	@$(tools)/deps $(build_deps) $(dev_deps) curl:curl
	@$(MAKE) -s module NGINX_SRC=
	@$(tools)/run start

stop:
	@$(tools)/run stop


clean:
	@if [ -d build/run ]; then $(tools)/run stop; fi
	rm -rf build

help:
	@sed -n 's/^## \?//p' Makefile

.PHONY: default module headers tree nginx-dev-modules nginx-dev-headers \
    sanitize sanitize-static sanitize-library test prove prove-sanitize \
    prove-deps prove-run prove-sanitize-run unit fuzz sdk screenshots check \
    bench compat run stop clean help
