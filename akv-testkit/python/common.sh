# Common functions of the scripts in this directory. Each script sets `here` and sources this file.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
skip() { echo "SKIPPED, nothing was tested: $1" >&2; exit 0; }

# Prints the duration of the previous step, and the name of the next one.
began=$(date +%s)
step() {
    now=$(date +%s)
    echo "== ${doing:+$doing took $((now - began)) s; }$1" >&2
    began=$now
    doing=$1
}

# Creates a virtual environment with the given packages. AKV_WITNESS_VENV keeps it between runs.
prepare() {
    python=$(command -v python3 || command -v python) || skip "Python is not installed"
    venv=${AKV_WITNESS_VENV:-$work/venv}
    if [ ! -x "$venv/bin/python" ]; then
        "$python" -m venv "$venv" >"$work/log" 2>&1 ||
            skip "python -m venv does not work: $(tail -1 "$work/log")"
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >"$work/log" 2>&1 ||
        skip "the packages cannot be installed: $(tail -1 "$work/log")"
    # Makes Python resolve names under .localhost to loopback if the system's resolver does not.
    if ! "$venv/bin/python" -c 'import socket; socket.getaddrinfo("fake-vault.vault.localhost", 443)' 2>/dev/null; then
        echo "this machine does not resolve *.localhost; the script extends only Python's resolver" >&2
        export PYTHONPATH="$here/localhost"
    fi
    export PYTHONDONTWRITEBYTECODE=1
}

# Unpacks the source package of the given version of azure-keyvault-certificates ("" for the newest) into
# $work, and prints its directory. It does not install the package.
source_package() {
    mkdir -p "$work/sources-$1"
    "$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
        --no-build-isolation --dest "$work/sources-$1" "azure-keyvault-certificates${1:+==$1}" \
        >"$work/log" 2>&1 || return 1
    "$venv/bin/python" -c 'import shutil, sys; shutil.unpack_archive(sys.argv[1], sys.argv[2])' \
        "$work/sources-$1"/*.* "$work/sources-$1" && echo "$work/sources-$1"/*/
}
