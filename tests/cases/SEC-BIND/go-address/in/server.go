package web

import (
	"fmt"
	"net/http"
	"os/exec"
)

func Start(port int) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/pane/{id}/kill", kill)
	addr := fmt.Sprintf(":%d", port)
	return http.ListenAndServe(addr, mux)
}

func kill(w http.ResponseWriter, r *http.Request) {
	_ = exec.Command("tmux", "kill-pane", "-t", r.PathValue("id")).Run()
}
