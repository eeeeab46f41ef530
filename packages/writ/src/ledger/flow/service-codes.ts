import { codeForm, isOfService, linkForm, type SentMessage } from './message-codes.js';

/**
 * Codes and links that a service sent, as one that logs somebody in or confirms an address does. They may go back to that service and
 * to nobody else (docs/tools.md, "Codes that a service sent").
 */

/** The most codes and links that are kept for a task, and the most services that it is known to have called. */
const MAX_KEPT = 200;
/** A run without an end takes a stack of its length. No code is as long. */
const WORDS = /[\p{L}\p{N}]{1,256}/gu;
const MAX_CONTACTS = 100;

/** A shorter code is looked for as a word of its own: it can be part of any number. */
const MIN_WITHIN = 6;

/** Returns whether a sender is of a service that the author of a bundle declares: the same domain, or one within it. */
export function isSentByService(sender: string, service: string): boolean {
  return sender === service || sender.endsWith(`.${service}`);
}

/** The codes and links that services sent, and the services that a task called before. */
export class ServiceCodes {
  private readonly hosts = new Set<string>();
  private readonly services = new Set<string>();
  /** By code or link: the domains that sent it. */
  private readonly senders = new Map<string, Set<string>>();
  /** By code or link: the domain that sent it to this task, after the task had called that service. */
  private readonly awaited = new Map<string, string>();

  /** Notes the hosts that a call went to, and the services that its tool is declared to be of. */
  noteCall(hosts: readonly string[], services: readonly string[]): void {
    for (const host of hosts) if (this.hosts.size < MAX_CONTACTS) this.hosts.add(host);
    for (const service of services) if (this.services.size < MAX_CONTACTS) this.services.add(service);
  }

  private hasCalled(sender: string): boolean {
    const isOfHost = [...this.hosts].some((host) => isOfService(host, sender));
    return isOfHost || [...this.services].some((service) => isSentByService(sender, service));
  }

  /**
   * Adds a message.
   *
   * @param ofTask the codes of the task that read it
   */
  addMessage({ by, codes, links }: SentMessage, ofTask: ServiceCodes | undefined): void {
    // The task does not wait for a message that was there before it called the service.
    const isNew = (one: string): boolean => !this.senders.has(one);
    // Of several codes in one message it is not known which the task waits for.
    const awaited = (codes.length === 1 ? [...codes, ...links] : links).filter(isNew);
    for (const one of [...codes, ...links]) this.keep(one, by);
    if (ofTask?.hasCalled(by) === true) for (const one of awaited) ofTask.await(one, by);
  }

  private keep(code: string, sender: string): void {
    const known = this.senders.get(code);
    if (known !== undefined) known.add(sender);
    else if (this.senders.size < MAX_KEPT) this.senders.set(code, new Set([sender]));
  }

  private await(code: string, sender: string): void {
    const known = this.awaited.get(code);
    // Two services that sent the same are nobody's.
    if (known !== undefined && known !== sender) this.awaited.set(code, '');
    else if (this.awaited.size < MAX_KEPT) this.awaited.set(code, sender);
  }

  /** How many codes and links were sent. */
  get count(): number {
    return this.senders.size;
  }

  /** Returns the domain that sent this very value to the task; undefined if no service that it had called did. */
  awaitedFrom(value: string | number): string | undefined {
    if (this.awaited.size === 0) return undefined;
    const text = String(value);
    return this.awaited.get(linkForm(text)?.href ?? codeForm(text)) || undefined;
  }

  /** Returns the domains that sent a code or a link which a text has, in whatever writing. */
  sendersWithin(text: string): readonly string[] {
    const plain = decoded(text);
    const form = codeForm(plain);
    const words = new Set((plain.match(WORDS) ?? []).map((word) => word.toUpperCase()));
    const found: string[] = [];
    for (const [code, senders] of this.senders) {
      const isLink = code.includes(':');
      const isIn = isLink
        ? plain.includes(code)
        : words.has(code) || (code.length >= MIN_WITHIN && form.includes(code));
      if (isIn) found.push(...senders);
    }
    return found;
  }
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/(?:%[0-9a-f]{2}){1,1000}/gi, (part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
}
