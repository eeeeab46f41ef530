import type { ShellNotUnderstood, ShellReason } from './facts.js';

const SHOWN = 80;

/** Ends the reading of a text when it is thrown. It is an answer and no error, and has no stack. */
export class NotUnderstood {
  constructor(
    readonly reason: ShellReason,
    readonly text: string,
    readonly where: number,
    readonly why: string,
  ) {}

  facts(): ShellNotUnderstood {
    const { reason, where, why } = this;
    const text = this.text.length > SHOWN ? `${this.text.slice(0, SHOWN)}…` : this.text;
    return { language: 'shell', understood: false, reason, text, where, why };
  }
}
