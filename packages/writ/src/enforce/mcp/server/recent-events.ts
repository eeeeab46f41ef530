import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';

const MAX_EVENTS = 256;
/** In characters: of one session, and of all sessions. */
const MAX_SESSION_CHARACTERS = 1024 * 1024;
const MAX_TOTAL_CHARACTERS = 128 * 1024 * 1024;

interface SentEvent {
  readonly id: string;
  readonly stream: string;
  readonly message: JSONRPCMessage;
  readonly size: number;
}

/** The size of the events of all sessions. */
export class KeptEvents {
  size = 0;
}

/**
 * The last events of a session, for a client whose stream broke (MCP 2025-11-25, "Resumability and Redelivery").
 * Events that are too large are not kept.
 */
export class RecentEvents implements EventStore {
  private readonly events: SentEvent[] = [];
  private size = 0;
  private count = 0;

  constructor(private readonly all: KeptEvents) {}

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    const size = JSON.stringify(message).length;
    const id = `${this.count++}`;
    if (size > MAX_SESSION_CHARACTERS) return id;
    this.events.push({ id, stream, message, size });
    this.add(size);
    while (
      this.events.length > MAX_EVENTS ||
      this.size > MAX_SESSION_CHARACTERS ||
      this.all.size > MAX_TOTAL_CHARACTERS
    ) {
      const oldest = this.events.shift();
      if (oldest === undefined) break;
      this.add(-oldest.size);
    }
    return id;
  }

  async getStreamIdForEventId(id: string): Promise<string | undefined> {
    return this.events.find((event) => event.id === id)?.stream;
  }

  async replayEventsAfter(
    last: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const at = this.events.findIndex(({ id }) => id === last);
    const stream = this.events[at]?.stream;
    if (stream === undefined) throw new Error('what was sent after that event is not kept any more');
    for (const event of this.events.slice(at + 1)) if (event.stream === stream) await send(event.id, event.message);
    return stream;
  }

  /** Forgets the events of a session that has ended. */
  clear(): void {
    this.events.length = 0;
    this.add(-this.size);
  }

  private add(size: number): void {
    this.size += size;
    this.all.size += size;
  }
}
