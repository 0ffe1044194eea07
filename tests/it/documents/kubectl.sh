#!/bin/sh
# Replaces kubectl: the cluster has one Secret, `west-token`, with a recorded token.
token=$(tr -d '\n' < "$HOME/fixtures/tokens/external-addresses.txt")
case "$*" in
*"get secret west-token"*"-o yaml"*)
    printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: west-token\n  labels:\n    consul.hashicorp.com/peering-token: "true"\n'
    printf 'type: Opaque\ndata:\n  data: %s\n' "$(printf %s "$token" | base64 | tr -d '\n')"
    ;;
*"get secrets -A -o json"*)
    secret='{"apiVersion":"v1","kind":"Secret","metadata":{"namespace":"%s","name":"%s"},"data":{"data":"%s"}}'
    printf '{"apiVersion":"v1","kind":"List","items":['
    # shellcheck disable=SC2059
    printf "$secret," consul west-token "$(printf %s "$token" | base64 | tr -d '\n')"
    # shellcheck disable=SC2059
    printf "$secret," default registry-password "$(printf secret | base64)"
    # shellcheck disable=SC2059
    printf "$secret]}" apps old-token "$(printf %.900s "$token" | base64 | tr -d '\n')"
    ;;
*"get secret west-token"*jsonpath*) printf %s "$token" | base64 | tr -d '\n' ;;
*) echo "kubectl: not here: $*" >&2; exit 1 ;;
esac
