say() { printf "%s\n" "$*"; }
