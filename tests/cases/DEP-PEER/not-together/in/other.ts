import { z } from 'zod';
z.object({});
