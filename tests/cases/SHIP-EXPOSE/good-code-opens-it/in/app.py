from http.server import HTTPServer, SimpleHTTPRequestHandler
HTTPServer(("0.0.0.0", 9000), SimpleHTTPRequestHandler).serve_forever()
