package main

var source = "/Users/maria/dev/go/src"
