TOOLS="$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools" && pwd)"
