#!/bin/sh
# Finds Chromium, or installs Debian's where this user may; says so where neither works.
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && apt-get update -qq; then
    # The shell without windows takes less processor time; not every release has it.
    for name in chromium-headless-shell chromium; do
        if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$name" >/dev/null; then exit 0; fi
    done
fi
echo "No Chromium here, and it could not be installed: the browser's tests will be skipped." >&2
echo "Install one (Debian: apt-get install chromium; macOS: brew install --cask chromium) and run again." >&2
[ -z "${CI:-}" ] || exit 1
