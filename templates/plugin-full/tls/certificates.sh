#!/bin/sh
# Makes an authority and certificates to try TLS out with, here beside this file. They are good for 30 days, and for localhost.
set -eu
cd "$(dirname "$0")"
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'

openssl req -x509 $key -days 30 -subj '/CN=trial authority' -keyout authority.key -out authority.pem
# The server's is one for clients, too: the command `health` shows it.
for made in server:serverAuth,clientAuth client:clientAuth; do
    name=${made%:*}
    usage=${made#*:}
    openssl req $key -subj "/CN=$name" -keyout "$name.key" -out "$name.request"
    printf 'subjectAltName = DNS:localhost\nextendedKeyUsage = %s\n' "$usage" > "$name.extensions"
    openssl x509 -req -in "$name.request" -days 30 -extfile "$name.extensions" \
        -CA authority.pem -CAkey authority.key -CAcreateserial -CAserial authority.serial -out "$name.pem"
    rm "$name.request" "$name.extensions"
done
rm authority.serial
