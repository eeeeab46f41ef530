/** Takes credentials out of a text: nothing until this process knows one. */
let strike = (text: string): string => text;

/** Returns the message of an error, or the text of anything else that was thrown, without credentials of ours. */
export function messageOf(error: unknown): string {
  return strike(error instanceof Error ? error.message : String(error));
}

/** Sets what takes credentials out of messages. It is set from where they are known: those who know none load nothing for it. */
export function strikeFromMessages(how: (text: string) => string): void {
  strike = how;
}
