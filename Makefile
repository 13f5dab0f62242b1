# make demo             a call to yourself, then a number to dial; make demo ARGS="--once" passes arguments on
# make test             formatting, lints and every test, the ones against real SIP peers included
# make bench            what each stage costs, against its budget
# make soak             twenty thousand short calls, and what is left of them
# make flood            ten thousand INVITEs a second from a stranger, while fifty calls talk
# make models           fetches the speech models into ~/.cache/attendant/models, or $ATTENDANT_MODELS
# make setup            installs the Debian packages that are missing; the others call it themselves

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# A recipe is one script.
.ONESHELL:
.PHONY: help demo test bench soak flood models setup setup-run setup-bench lint

ARGS ?=
CARGO ?= cargo

# command=package: a command that is there already, from wherever, is not installed again.
RUN_NEEDS  := gcc=gcc pkg-config=pkg-config npm=npm pip3=python3-pip flite=flite
TEST_NEEDS := $(RUN_NEEDS) age=age sipp=sip-tester ffmpeg=ffmpeg baresip=baresip sipsak=sipsak svmap=sipvicious \
              espeak-ng=espeak-ng kamailio=kamailio tshark=tshark openssl=openssl sox=sox \
              systemd-analyze=systemd sqlite3=sqlite3
BENCH_NEEDS := $(TEST_NEEDS) rtpengine=rtpengine-daemon stress-ng=stress-ng taskset=util-linux chrt=util-linux

# Debian keeps servers where a user's PATH does not look.
export PATH := $(PATH):/usr/sbin

help:
	@sed -n '/^#/!q;s/^# //p' Makefile

demo: setup-run
	@$(CARGO) build --release --locked
	$(CARGO) run --quiet --release --locked -- demo $(ARGS)

test: setup lint models
	$(CARGO) test --locked --no-fail-fast

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

# The tests look for them where the demonstration does, and in the same way.
models: setup-run
	$(CARGO) run --locked -- models fetch

bench: setup-bench
	$(CARGO) bench --locked --no-fail-fast

soak:  export SOAK_CALLS = 20000
soak:  which = calls
flood: export FLOOD_SECONDS = 10
flood: which = flood
soak flood: setup
	$(CARGO) test --release --locked --test gateway_load -- $(which)

setup:     needs = $(TEST_NEEDS)
setup-run: needs = $(RUN_NEEDS)
setup-bench: needs = $(BENCH_NEEDS)
setup setup-run setup-bench:
	@command -v $(CARGO) >/dev/null || { echo "Rust is missing: see https://rustup.rs"; exit 1; }
	@missing=""
	for pair in $(needs); do
	    command -v "$${pair%%=*}" >/dev/null || missing="$$missing $${pair##*=}"
	done
	[ -e /usr/share/zoneinfo/UTC ] || missing="$$missing tzdata"
	pkg-config --exists opus 2>/dev/null || missing="$$missing libopus-dev"
	[ -n "$$missing" ] || exit 0
	command -v apt-get >/dev/null || { echo "Install these, as your system calls them:$$missing"; exit 1; }
	as_root=""
	[ "$$(id -u)" = 0 ] || as_root="sudo"
	echo "Installing Debian packages:$$missing"
	log="$$(mktemp)"
	trap 'rm -f "$$log"' EXIT
	# apt tells its progress on a descriptor of its own; everything else it says is shown if it fails.
	install='apt-get update -qq >"$$0" 2>&1 && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    -o APT::Status-Fd=3 "$$@" 3>&1 >>"$$0" 2>&1'
	if ! $$as_root sh -c "$$install" "$$log" $$missing |
	    awk -F: '/^(dl|pm)status/ { what = $$1 == "dlstatus" ? "downloading" : $$2; printf "\r  %-24.24s %3d %%", what, $$3; fflush() } END { print "" }'; then
	    cat "$$log"
	    exit 1
	fi
	# Debian starts a server that it installs, here on a port of `make demo`; the tests start their own.
	case "$$missing" in
	*kamailio*|*rtpengine*)
	    for server in kamailio rtpengine-daemon; do
	        [ ! -d /run/systemd/system ] || $$as_root systemctl disable --now "$$server" >/dev/null 2>&1 || true
	    done ;;
	esac
