"""Plain HTTP: what is read without a WebSocket, and the dashboard's files."""
