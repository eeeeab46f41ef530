import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../service/server.js';
import { ended, type FrontKind, startedScript } from './front.js';

const BARE = fileURLToPath(new URL('../gateway/bare.js', import.meta.url));

/** The least that a process of Node on the way costs. @param syncs whether it syncs as many bytes as a decision has before each request */
export const nodeHop = (syncs: boolean): FrontKind => ({
  name: syncs
    ? 'a hop of Node that decides nothing, with 2 KiB synced to the disk before each request'
    : 'a hop of Node that decides nothing',
  start: async (backEnd) => {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'writ-hop-'));
    const child = await startedScript(BARE, String(port), backEnd, ...(syncs ? [join(folder, 'synced')] : []));
    return {
      port,
      headers: {},
      pids: child.pid === undefined ? [] : [child.pid],
      stop: async () => {
        await ended(child);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});
