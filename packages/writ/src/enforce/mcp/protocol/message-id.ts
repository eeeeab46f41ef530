/** In characters, as it is written. */
const MAX_ID = 1_024;

/**
 * Finds the id of a request in a text that was refused, or of which only the beginning is there, so that the refusal
 * can be answered under it. Takes linear time and keeps no text but the id.
 */
export class MessageId {
  private depth = 0;
  private isInText = false;
  private isEscaped = false;
  /** The member of the message that is being read: its name, then its value. */
  private name: string | undefined;
  private isValue = false;
  private piece = '';
  private found: string | undefined;
  /** True for an answer, whose id is one of ours, and for two ids that differ. */
  private isUnusable = false;

  /** Reads on. @param text the next piece */
  take(text: string): this {
    for (let i = 0; i < text.length && !this.isUnusable; i += 1) this.character(text[i] as string);
    return this;
  }

  /** The id as it is written; undefined if the text has none, or is an answer. */
  get text(): string | undefined {
    return this.isUnusable ? undefined : this.found;
  }

  private character(c: string): void {
    if (this.isInText) {
      this.keep(c);
      if (this.isEscaped) this.isEscaped = false;
      else if (c === '\\') this.isEscaped = true;
      else if (c === '"') this.isInText = false;
      return;
    }
    const isMember = this.depth === 1 && (c === ',' || c === '}');
    if (isMember) this.memberEnds();
    else if (this.depth === 1 && c === ':' && !this.isValue) this.valueBegins();
    else if (this.depth === 1 || c === '"') this.keep(c);
    if (c === '"') this.isInText = true;
    else if (c === '{' || c === '[') this.depth += 1;
    else if (c === '}' || c === ']') this.depth -= 1;
  }

  private keep(c: string): void {
    if (this.depth === 1 && this.piece.length <= MAX_ID) this.piece += c;
  }

  private valueBegins(): void {
    this.name = textIn(this.piece);
    this.isValue = true;
    this.piece = '';
    if (this.name === 'result' || this.name === 'error') this.isUnusable = true;
  }

  private memberEnds(): void {
    const written = this.piece.trim();
    if (this.name === 'id' && isId(written)) {
      if (this.found !== undefined && this.found !== written) this.isUnusable = true;
      this.found = written;
    }
    this.name = undefined;
    this.isValue = false;
    this.piece = '';
  }
}

function textIn(piece: string): string | undefined {
  const value = valueIn(piece);
  return typeof value === 'string' ? value : undefined;
}

function isId(written: string): boolean {
  const value = valueIn(written);
  return written.length <= MAX_ID && (typeof value === 'string' || typeof value === 'number');
}

function valueIn(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}
