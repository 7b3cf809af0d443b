from tracker import helpers

helpers.go()
