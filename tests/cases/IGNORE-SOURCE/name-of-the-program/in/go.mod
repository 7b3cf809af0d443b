module example.org/swarm

go 1.22
