#!/bin/sh
# Installs what the project needs, each part only when its inputs changed. Called by the Makefile:
#
#   deploy/setup.sh python base|dev   .venv with the locked packages and the project itself
#   deploy/setup.sh debian            browsers, ffmpeg, poppler, Janus, coturn, a soft card, a PACS, an antivirus and fonts (Debian, Ubuntu; root or sudo)
#   deploy/setup.sh s3                .venv-s3 with an S3 service for the tests, apart: its packages do not go with ours
#   deploy/setup.sh node              node_modules, to check the JavaScript and the accessibility
#
# Only the python part is needed to run the product. The others say what they could not do and go on:
# tests that miss them are skipped with the reason.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}

say() { printf 'setup: %s\n' "$*"; }
checksum() { cat "$@" | cksum | tr ' ' '-'; }

python_packages() {
    lock=$1
    stamp=.venv/.stamp-$lock-$(checksum "requirements/$lock.txt" pyproject.toml)
    dev=.venv/.stamp-dev-$(checksum requirements/dev.txt pyproject.toml)
    if [ -e "$stamp" ] || [ -e "$dev" ]; then return; fi # dev holds everything of base
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            say "$PYTHON must be Python 3.11 or newer; name another one with make PYTHON=…"
            exit 1
        fi
        if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
            say "$PYTHON has no venv or pip; on Debian: apt-get install python3-venv"
            exit 1
        fi
        "$PYTHON" -m venv --clear .venv
    fi
    say "installing the locked Python packages ($lock) into .venv, about a minute the first time"
    rm -f .venv/.stamp-*
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "requirements/$lock.txt"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
    touch "$stamp"
}

debian_packages() {
    wanted="chromium firefox-esr poppler-utils ffmpeg xvfb janus coturn softhsm2 opensc orthanc orthanc-dicomweb clamav-daemon iproute2 iptables fonts-noto-core fonts-dejavu-core"
    command -v npm >/dev/null || wanted="$wanted nodejs npm"
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || wanted="$wanted python3-venv"
    if ! command -v apt-get >/dev/null; then
        say "no apt-get here; tests need these programs: $wanted"
        return
    fi
    missing=
    for package in $wanted; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
    done
    if [ -z "$missing" ]; then return; fi
    if [ "$(id -u)" = 0 ]; then
        root=env
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        root="sudo env"
    else
        say "neither root nor sudo, so apt-get cannot install:$missing"
        return
    fi
    say "installing Debian packages:$missing"
    $root apt-get update -qq || say "apt-get update failed; trying with the lists already here"
    offered=
    for package in $missing; do
        if apt-cache show "$package" >/dev/null 2>&1; then
            offered="$offered $package"
        else
            say "this system does not offer the package $package"
        fi
    done
    if [ -z "$offered" ]; then return; fi
    # shellcheck disable=SC2086 # a list of names
    $root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $offered >/dev/null ||
        say "apt-get could not install:$offered"
}

s3_packages() {
    stamp=.venv-s3/.stamp-$(checksum requirements/s3.txt)
    if [ -e "$stamp" ]; then return; fi
    say "installing the tests' S3 service into .venv-s3, about a minute"
    if "$PYTHON" -m venv --clear .venv-s3 &&
        .venv-s3/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/s3.txt; then
        touch "$stamp"
    else
        say "no S3 service could be installed; its tests are skipped"
    fi
}

node_packages() {
    stamp=node_modules/.stamp-$(checksum package-lock.json)
    if [ -e "$stamp" ]; then return; fi
    if ! command -v npm >/dev/null; then
        say "no npm here, so the JavaScript types and the accessibility are not checked"
        return
    fi
    say "installing the locked npm packages into node_modules"
    if npm ci --loglevel=error; then touch "$stamp"; else say "npm ci failed; JavaScript types and accessibility are not checked"; fi
}

case ${1:-} in
python) python_packages "${2:?base or dev}" ;;
debian) debian_packages ;;
s3) s3_packages ;;
node) node_packages ;;
*)
    sed -n '2,10s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
