ARG BASE
FROM $BASE
COPY 00-env.sh /app/.profile.d/
