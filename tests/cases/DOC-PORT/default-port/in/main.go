package main

func main() {
	port := 8069
	serve(port)
}
