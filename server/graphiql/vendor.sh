#!/usr/bin/env bash
# Fetches the pinned GraphiQL build from npm and writes it, compressed, to assets/. The development
# page must work without a network, so nothing is loaded from a CDN. Run it only to change a version.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" \
  graphiql@4.1.2 react@18.3.1 react-dom@18.3.1
modules=$work/node_modules

put() { gzip -9n <"$1" >"assets/$2.gz"; }
put "$modules/react/umd/react.production.min.js" react.js
put "$modules/react-dom/umd/react-dom.production.min.js" react-dom.js
put "$modules/graphiql/graphiql.min.js" graphiql.js

# The system's own fonts do: the embedded ones are most of the style sheet.
perl -0pe 's/\@font-face\s*\{[^}]*\}//g' "$modules/graphiql/graphiql.min.css" >"$work/graphiql.css"
put "$work/graphiql.css" graphiql.css

# The bundle holds its dependencies, so their licences travel with it.
find "$modules" -maxdepth 3 -iname 'licen[sc]e*' -type f | LC_ALL=C sort | while read -r licence; do
  printf '=== %s\n\n' "$(dirname "${licence#"$modules"/}")"
  tr -d '\r' <"$licence"
  printf '\n\n'
done >assets/LICENSES.txt
