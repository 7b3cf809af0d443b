#!/usr/bin/env bash
select agent in builder tester; do
  break
done
echo "$agent"
