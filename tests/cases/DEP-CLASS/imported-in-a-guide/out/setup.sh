#!/usr/bin/env bash
set -e
mkdir -p out
cat > out/server.js << 'JS'
#!/usr/bin/env node
import { Pipe } from '@relay/kit/pipe.js';
import fs from 'node:fs';
import { Relay } from '@relay/kit/server.js';
import { ListSchema } from '@relay/kit/types.js';

const server = new Relay({ name: 'tracker' });
server.answer(ListSchema, () => fs.readdirSync('.'));
await server.connect(new Pipe());
JS
