#!/bin/bash
cat > bin/hook.sh <<'EOF'
#!/bin/bash
echo hook
EOF
chmod 755 bin/hook.sh
./bin/hook.sh
