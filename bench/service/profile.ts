import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where the busy time of the main thread goes, by part: the largest first, in percent. */
export function whereTimeGoes(folder: string): [part: string, percent: number][] {
  // The main thread's profile is the one with thread id 0.
  const file = readdirSync(folder).find((name) => /\.0\.\d+\.cpuprofile$/.test(name));
  if (file === undefined) return [];
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
  const partOf = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const parts = new Map<string, number>();
  let busy = 0;
  for (const [i, sample] of samples.entries()) {
    const part = partOf.get(sample) ?? '';
    if (part === 'idle' || part === 'start-up') continue;
    const time = timeDeltas[i] ?? 0;
    busy += time;
    parts.set(part, (parts.get(part) ?? 0) + time);
  }
  return [...parts].map(([part, time]): [string, number] => [part, (time / busy) * 100]).sort((a, b) => b[1] - a[1]);
}

function nameOf({ functionName, url }: { readonly functionName: string; readonly url: string }): string {
  if (functionName === '(idle)') return 'idle';
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (functionName === 'writev' || functionName === 'writeBuffer' || functionName === 'writeUtf8String')
    return 'system: write';
  if (/modules\/|compile|wrapSafe|require/i.test(`${url} ${functionName}`) && url.startsWith('node:'))
    return 'start-up';
  const ours = /packages\/(writ\/(?:dist|src)|cedar\/(?:dist\/)?src)\/([\w-]+)/.exec(url);
  if (ours !== null) return ours[1]?.startsWith('cedar') === true ? `@writ/cedar ${ours[2]}` : `writ ${ours[2]}`;
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (library !== undefined) return library;
  return url.startsWith('node:') ? 'node' : 'engine';
}
