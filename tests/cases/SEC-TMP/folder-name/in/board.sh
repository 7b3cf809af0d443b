#!/bin/bash
PROJECT=$(basename "$PWD")
STATE="/tmp/${PROJECT}-state.env"
source "$STATE"
