#!/bin/bash
set -e
cat > unit.txt <<EOF
EOF is written here in a line
EOF
if true; then
	cat <<-END
	END of it
	END
fi
cat <<ONE; cat <<TWO
1
ONE
2
TWO
