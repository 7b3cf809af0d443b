from fastapi import FastAPI, WebSocket

app = FastAPI()


@app.websocket("/ws")
async def live(socket: WebSocket) -> None:
    await socket.accept()
