# The words people type. Everything is done by tools/build, tests/run-all and tools/demo;
# what a build needs is installed by itself (tools/install-packages, Debian 12 and later).
#
#   make            build the programs, in build-release
#   make demo       a LAN party in network namespaces, live; KEEP=1 leaves it up
#   make test       everything: unit, simulation, fuzz corpora, lab, sanitized (root)
#   make check      the fast tests only; no root
#   make test-windows  the Windows client, cross-built, under Wine (root)
#   make windows    lanparty-setup.exe, in build-windows-release; TAP_DRIVER=PATH puts the
#                   driver into it, SIGN=COMMAND signs it (tools/windows-setup)
#   make lab        the lab only; TESTS="dhcp nat" picks tests by their names
#   make gigabyte   a gigabyte at every MTU, compared at the end (root, minutes)
#   make bench      what the relay costs, beside a plain UDP forwarder
#   make install    PREFIX=/usr/local DESTDIR=

PREFIX ?= /usr/local
DESTDIR ?=
PROGRAMS = lanparty-relay lanparty-gateway lanparty-client
PATHS = $(foreach p,$(PROGRAMS),src/app/$(p:lanparty-%=%)/$(p))
BUILT = $(PATHS:%=build-release/%)

# Only the programs, here and below: the tests would be linked for nothing, which takes minutes.
all:
	@tools/install-packages build
	@tools/build release $(PATHS)

demo:
	@tools/install-packages all
	@tools/build release $(PATHS) tests/linkem
	@tools/demo $(if $(KEEP),--keep)

test:
	@tools/install-packages whole
	@tests/run-all

check:
	@tools/install-packages build
	@tests/run-all --fast

test-windows:
	@tools/install-packages wine
	@tools/install-packages test
	@tests/run-all --kind windows

windows:
	@tools/install-packages windows
	@tools/build windows-release src/app/client/lanparty-client.exe src/gui/lanparty.exe \
	    src/gui/lanparty.ico
	@TAP_DRIVER='$(TAP_DRIVER)' SIGN='$(SIGN)' tools/windows-setup

lab:
	@tools/install-packages all
	@tests/run-all --lab $(TESTS)

gigabyte:
	@tools/install-packages all
	@tools/build release $(PATHS) tests/linkem
	@tests/lab/gigabyte.py

asan:
	@tools/install-packages build
	@tools/build asan

bench:
	@tools/install-packages build
	@bench/run

# Not after `all`: under sudo that would build once more, in root's name.
install:
	@for p in $(BUILT); do \
	    [ -x $$p ] || { echo "make: nothing is built yet; run make first" >&2; exit 1; }; \
	done
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin share/man/man8 lib/systemd/system \
	    lib/sysusers.d)
	install -m 755 $(BUILT) $(DESTDIR)$(PREFIX)/bin
	@for p in $(BUILT); do \
	    $$p --man >$(DESTDIR)$(PREFIX)/share/man/man8/$${p##*/}.8 || exit 1; \
	done
	@for unit in packaging/systemd/*.service; do \
	    sed 's|/usr/bin/|$(PREFIX)/bin/|g' $$unit \
	        >$(DESTDIR)$(PREFIX)/lib/systemd/system/$${unit##*/} || exit 1; \
	done
	install -m 644 packaging/systemd/softlan.sysusers \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/softlan.conf

clean:
	rm -rf build-release build-asan build-dev build-fuzz build-tsan build-cover build-windows \
	    build-windows-release

.PHONY: all demo test check test-windows windows lab gigabyte asan bench install clean
