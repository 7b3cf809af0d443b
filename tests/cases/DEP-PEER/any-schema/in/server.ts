import { Server } from 'sdk/server.js';
import { z } from 'zod';
new Server({ schema: z.object({}) });
