import { Server } from 'sdk/server.js';
new Server();
