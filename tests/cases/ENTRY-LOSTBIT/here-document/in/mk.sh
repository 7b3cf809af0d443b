#!/bin/bash
set -e
mkdir -p bin
cat > bin/hook.sh <<'EOF'
#!/bin/bash
echo hook
EOF
./bin/hook.sh
