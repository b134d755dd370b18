#!/bin/sh
# Types are generated from the committed description, and a client that uses them must compile.
# Needs Node and npm; whatever fails makes this fail.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cp "$here/client.ts" "$folder/"
cd "$folder"
echo '{"private": true, "type": "module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts \
  openapi-typescript@7.10.1 typescript@5.9.3
# What has a default may be left out of a request; of an answer every member is required anyway.
npx --no-install openapi-typescript "$here/../../openapi/interlude.v1.json" \
  --default-non-nullable false --output interlude.d.ts
npx --no-install tsc --strict --noEmit --exactOptionalPropertyTypes --noUncheckedIndexedAccess \
  --target es2022 --module esnext --moduleResolution bundler --lib es2022,dom client.ts
echo "client.ts compiles against $(grep -c operationId "$here/../../openapi/interlude.v1.json") operations"
