#!/usr/bin/env bash
# once in /home/marta/x
echo "for example /home/marta/x"
cp a /home/user/x
cp a "$ROOT/home/marta"
cat <<EOF
  a.sh /home/marta/x
EOF
