#!/usr/bin/env bash
openssl enc -aes-256-cbc -in vault.json -out vault.enc -pass pass:"$VAULT_PASS"
openssl enc -aes-256-cbc -in vault.json -out vault.enc -pass fd:3 3<<<"$VAULT_PASS"
