# Builds the dashboard (web/) into web/dist where that is missing or was made of other files than are there now. Sourced,
# after setup.sh, by the commands that serve it; costs a checksum of some hundred kilobytes where nothing changed.

web_sum=$({ find web -type f -not -path 'web/dist/*' -not -path 'web/node_modules/*' | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cksum && cksum package-lock.json; } | cksum)

if [ "$web_sum" != "$(cat web/dist/.made-of 2>/dev/null)" ]; then
  # npm puts vite into the workspace's own folder where another package of the root wants an older part of it.
  web_path="$PWD/web/node_modules/.bin:$PATH"
  if PATH="$web_path" command -v vite >/dev/null; then
    echo 'archmeter: building the pages (once, a few seconds) …' >&2
    # Without them the service still serves everything else, and says at / what is missing.
    if PATH="$web_path" vite build --config web/vite.config.ts --logLevel error >&2; then
      printf '%s\n' "$web_sum" >web/dist/.made-of
    else
      echo 'archmeter: the pages could not be built (the message stands above); everything else works' >&2
    fi
  else
    echo 'archmeter: vite is missing, so the pages were not built: run npm ci' >&2
  fi
fi
