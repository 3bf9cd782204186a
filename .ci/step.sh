# Sourced by the scripts beside it.

# Runs a command, and prints it before, and how many seconds it took after.
step() {
    printf '\n=== %s\n' "$*"
    local start=$SECONDS
    "$@"
    printf -- '--- %s s\n' "$((SECONDS - start))"
}
