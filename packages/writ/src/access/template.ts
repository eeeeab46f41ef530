import { millisecondsOf } from '../lib/duration.js';
import type { Template } from './submission.js';

/** A template as it is declared; times are durations. */
interface TemplateDeclaration {
  readonly title?: string | undefined;
  readonly consent: boolean;
  readonly ask: readonly string[];
  readonly quorum: number;
  readonly escalate: readonly { readonly after: string; readonly ask: readonly string[] }[];
  readonly expires: string;
  readonly lifetimes: { readonly once: string; readonly task: string; readonly until: string };
  readonly notify: readonly string[];
  readonly emergency?: { readonly for: string; readonly notify: readonly string[] } | undefined;
}

/** Returns a declared template with its times in milliseconds. */
export function templateOf(name: string, declared: TemplateDeclaration): Template {
  const { title, consent, ask, quorum, escalate, expires, lifetimes, notify, emergency } = declared;
  return {
    name,
    title,
    isConsent: consent,
    ask,
    quorum,
    notify,
    expiresMs: millisecondsOf(expires),
    escalate: escalate.map((step) => ({ afterMs: millisecondsOf(step.after), ask: step.ask })),
    lifetimesMs: {
      once: millisecondsOf(lifetimes.once),
      task: millisecondsOf(lifetimes.task),
      until: millisecondsOf(lifetimes.until),
    },
    emergency: emergency && { forMs: millisecondsOf(emergency.for), notify: emergency.notify },
  };
}
