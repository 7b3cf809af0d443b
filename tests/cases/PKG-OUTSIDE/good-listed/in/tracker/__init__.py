from shared import go

go()
