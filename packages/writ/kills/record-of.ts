import type { Service } from '../abuse/service.js';
import type { Entry } from './check.js';

const PAGE = 1_000;

/** The record of a service, which is read on from where it was read last. */
export class RecordOf {
  readonly entries: Entry[] = [];
  private next = '0.0';

  /** Reads the entries that came since. */
  async read(service: Service): Promise<void> {
    for (;;) {
      const path = `/v1/log?limit=${PAGE}&after=${this.next}`;
      const { status, json, text } = await service.send('GET', path, undefined, { as: 'admin' });
      if (status !== 200) throw new Error(`the record could not be read: ${status} ${text.slice(0, 300)}`);
      const { entries, next } = json as { entries: Entry[]; next: string };
      this.entries.push(...entries.map(slim));
      this.next = next;
      if (entries.length < PAGE) return;
    }
  }
}

function slim({ kind, id, result, decisionId, status, what, detail, request }: Entry): Entry {
  const all = { kind, id, result, decisionId, status, what, detail: kind === 'change' ? detail : undefined, request };
  return JSON.parse(JSON.stringify(all)) as Entry;
}
