#!/bin/sh
# Installs what the tests against a real WordPress, a real nginx and a real browser need, from
# Debian's or Ubuntu's packages.
# Quick when everything is there already. The suite starts its own private servers, so the
# system services are neither needed nor started.
set -eu

# php-fpm and nginx first: they then serve as WordPress's PHP and web server, where apt would
# otherwise choose Apache.
packages="php-fpm nginx php php-cli php-mysql mariadb-server wordpress openssl"
# Ubuntu has no package of Chromium, only a snap, which sees no files of a test's: there the tests
# that need a browser say that it is missing.
# shellcheck disable=SC1091 -- a file of the machine
[ "$(. /etc/os-release && echo "$ID")" = ubuntu ] || packages="$packages chromium"

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "The tests against a real WordPress need Debian or Ubuntu: apt-get is not here." >&2
    echo "Run them in a container of one of these." >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Run $0 as root, or install sudo." >&2; exit 1; }
    exec sudo sh "$0"
fi

# While this file exists and exits 101, no package may start its service. Not overwritten if the
# machine has its own (containers usually do).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
echo "Installing$missing"
apt-get update -qq
# shellcheck disable=SC2086 -- a list of words
apt-get install -qq -y --no-install-recommends $missing >/dev/null

# Nothing that arrived just now comes up at the next boot either.
if [ -d /run/systemd/system ]; then
    for package in $missing; do
        case "$package" in
        mariadb-server) systemctl disable --quiet mariadb.service || true ;;
        nginx) systemctl disable --quiet nginx.service || true ;;
        php-fpm) systemctl disable --quiet 'php*-fpm.service' || true ;;
        esac
    done
fi
