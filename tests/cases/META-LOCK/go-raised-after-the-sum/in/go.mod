module example.com/app

go 1.22

require (
	github.com/a/b v1.2.3
	github.com/c/d v0.1.0 // indirect
	github.com/e/f v1.0.0
)

replace github.com/e/f => ./f
