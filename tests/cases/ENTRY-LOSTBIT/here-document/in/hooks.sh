#!/bin/bash
set -e
cat > .git/hooks/pre-commit <<'EOF'
#!/bin/bash
make test
EOF
