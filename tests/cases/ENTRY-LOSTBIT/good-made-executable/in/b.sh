#!/bin/bash
cat > lib.sh <<'EOF'
#!/bin/bash
echo hook
EOF
bash lib.sh
