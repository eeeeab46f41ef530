/**
 * Where the parts of a policy stand in its text. The official parser says what a policy means but not where its parts
 * are; this reads the same grammar (Cedar reference, "Grammar") for the places alone. What it cannot follow has no
 * place, and never another meaning.
 */

import { tokenPattern } from './lexical.js';

/** The place of an expression and of its children, in the order of `childrenOf`. Offsets are into the policy's text. */
export interface Span {
  readonly op: string;
  readonly start: number;
  readonly end: number;
  readonly children: readonly Span[];
}

/** The places in one policy: its scope and the bodies of its conditions. Undefined when the text is not followed. */
interface PolicySpans {
  readonly scope: readonly { readonly start: number; readonly end: number }[];
  readonly conditions: readonly Span[];
}

export function locate(source: string): PolicySpans | undefined {
  try {
    return new Locator(source).policy();
  } catch (error) {
    if (error instanceof Lost) return undefined;
    throw error;
  }
}

class Lost {}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN = tokenPattern(/\?[a-z]+/, /::|==|!=|<=|>=|&&|\|\|/);
const RELATIONS = new Set(['==', '!=', '<', '<=', '>', '>=', 'in']);
const METHODS = new Set(['contains', 'containsAll', 'containsAny', 'getTag', 'hasTag', 'isEmpty']);

class Locator {
  private readonly tokens: Token[];
  private at = 0;
  private depth = 0;

  constructor(source: string) {
    this.tokens = [...source.matchAll(TOKEN)]
      .filter(([text]) => !text.startsWith('//'))
      .map((match) => ({ text: match[0], start: match.index, end: match.index + match[0].length }));
  }

  private peek(ahead = 0): string {
    return this.tokens[this.at + ahead]?.text ?? '';
  }

  private next(expected?: string): Token {
    const token = this.tokens[this.at];
    if (token === undefined || (expected !== undefined && token.text !== expected)) throw new Lost();
    this.at += 1;
    return token;
  }

  private take(text: string): boolean {
    if (this.peek() !== text) return false;
    this.at += 1;
    return true;
  }

  policy(): PolicySpans {
    while (this.take('@')) {
      this.next();
      if (this.take('(')) {
        this.next();
        this.next(')');
      }
    }
    this.next();
    this.next('(');
    const scope = [this.scopePart(), this.scopePart(), this.scopePart()];
    const conditions: Span[] = [];
    while (this.peek() === 'when' || this.peek() === 'unless') {
      this.next();
      this.next('{');
      conditions.push(this.expr());
      this.next('}');
    }
    this.next(';');
    return { scope, conditions };
  }

  /** To the comma or parenthesis that ends it; a list of actions has brackets of its own. */
  private scopePart(): { start: number; end: number } {
    const first = this.next();
    let last = first;
    for (let depth = 0; depth > 0 || (this.peek() !== ',' && this.peek() !== ')'); ) {
      last = this.next();
      if (last.text === '[') depth += 1;
      if (last.text === ']') depth -= 1;
    }
    this.next();
    return { start: first.start, end: last.end };
  }

  private span(op: string, start: number, children: readonly Span[]): Span {
    return { op, start, end: this.tokens[this.at - 1]?.end ?? start, children };
  }

  private expr(): Span {
    this.depth += 1;
    if (this.depth > 500) throw new Lost();
    const span = this.peek() === 'if' ? this.conditional() : this.or();
    this.depth -= 1;
    return span;
  }

  private conditional(): Span {
    const { start } = this.next('if');
    const test = this.expr();
    this.next('then');
    const yes = this.expr();
    this.next('else');
    const no = this.expr();
    return this.span('if', start, [test, yes, no]);
  }

  private leftToRight(operators: readonly string[], operand: () => Span): Span {
    let left = operand();
    while (operators.includes(this.peek())) {
      const op = this.next().text;
      const right = operand();
      left = this.span(op, left.start, [left, right]);
    }
    return left;
  }

  private or(): Span {
    return this.leftToRight(['||'], () => this.leftToRight(['&&'], () => this.relation()));
  }

  private relation(): Span {
    const left = this.sum();
    const op = this.peek();
    if (RELATIONS.has(op)) {
      this.next();
      return this.span(op, left.start, [left, this.sum()]);
    }
    if (op === 'has') {
      this.next();
      this.next();
      while (this.take('.')) this.next();
      return this.span('has', left.start, [left]);
    }
    if (op === 'like') {
      this.next();
      this.next();
      return this.span('like', left.start, [left]);
    }
    if (op === 'is') {
      this.next();
      this.path();
      const within = this.take('in') ? [this.sum()] : [];
      return this.span('is', left.start, [left, ...within]);
    }
    return left;
  }

  private path(): void {
    this.next();
    while (this.take('::')) this.next();
  }

  private sum(): Span {
    return this.leftToRight(['+', '-'], () => this.leftToRight(['*'], () => this.unary()));
  }

  private unary(): Span {
    const { text, start } = this.tokens[this.at] ?? { text: '', start: 0 };
    if (text === '!') {
      this.next();
      return this.span('!', start, [this.unary()]);
    }
    if (text === '-') {
      this.next();
      if (/^[0-9]/.test(this.peek()) && this.peek(1) !== '.') {
        this.next();
        return this.span('value', start, []);
      }
      return this.span('neg', start, [this.unary()]);
    }
    return this.member();
  }

  private member(): Span {
    let of = this.primary();
    for (;;) {
      if (this.take('[')) {
        this.next();
        this.next(']');
        of = this.span('get', of.start, [of]);
      } else if (this.take('.')) {
        const name = this.next().text;
        if (!this.take('(')) {
          of = this.span('get', of.start, [of]);
        } else {
          const args = this.list(')');
          of = this.span(METHODS.has(name) ? name : 'call', of.start, [of, ...args]);
        }
      } else {
        return of;
      }
    }
  }

  private list(close: string): Span[] {
    const items: Span[] = [];
    while (!this.take(close)) {
      items.push(this.expr());
      if (!this.take(',') && this.peek() !== close) throw new Lost();
    }
    return items;
  }

  private primary(): Span {
    const token = this.next();
    const { text, start } = token;
    if (text === '(') {
      const inner = this.expr();
      this.next(')');
      // The same expression, with its parentheses.
      return { ...inner, start, end: this.tokens[this.at - 1]?.end ?? inner.end };
    }
    if (text === '[') {
      const items = this.list(']');
      return this.span('set', start, items);
    }
    if (text === '{') return this.record(start);
    if (text.startsWith('"') || /^[0-9]/.test(text) || text === 'true' || text === 'false')
      return this.span('value', start, []);
    if (text.startsWith('?')) return this.span('slot', start, []);
    if (!/^[A-Za-z_]/.test(text)) throw new Lost();
    return this.name(text, start);
  }

  /** The official parser gives the entries in the order of their names. */
  private record(start: number): Span {
    const entries: { name: string; value: Span }[] = [];
    while (!this.take('}')) {
      const name = this.next().text;
      this.next(':');
      entries.push({ name: name.replace(/^"|"$/g, ''), value: this.expr() });
      if (!this.take(',') && this.peek() !== '}') throw new Lost();
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    const values = entries.map(({ value }) => value);
    return this.span('record', start, values);
  }

  /** A variable, an entity or a call. */
  private name(text: string, start: number): Span {
    let isEntity = false;
    while (this.take('::')) isEntity = this.next().text.startsWith('"');
    if (isEntity) return this.span('entity', start, []);
    if (this.take('(')) {
      const args = this.list(')');
      return this.span('call', start, args);
    }
    if (text !== 'principal' && text !== 'action' && text !== 'resource' && text !== 'context') throw new Lost();
    return this.span('variable', start, []);
  }
}
