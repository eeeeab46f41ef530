import type { Command, SyntaxNode, Word, WordPart } from 'unbash';

/** A place that gives a variable a value. */
export interface Binding {
  readonly name: string;
  readonly pos: number;
  readonly kind: 'word' | 'array' | 'numbers' | 'other';
  /** The value, if it is one word. */
  readonly value?: Word;
  /** The pattern whose files a loop gives to the variable. */
  readonly pattern?: Word;
  /** From where to where the variable surely has a value of this place. */
  readonly within?: readonly [number, number];
}

/** Builtins with names of variables among their arguments, and those that start a builtin by its name. */
const BINDERS = new Set(
  'read mapfile readarray getopts unset declare typeset local export readonly let printf wait command builtin'.split(
    ' ',
  ),
);
const ASSIGNMENT = /^(?:=|[-+*/%&|^]=|<<=|>>=)$/;
const INTEGER = /^-?\d+$/;

/** Returns the variables to which a node gives values, without those of its children. */
export function bindingsOf(node: SyntaxNode): readonly Binding[] {
  const { pos } = node;
  switch (node.type) {
    case 'Assignment': {
      const { name, value, append, index } = node;
      if (value.type === 'ArrayValue' || index !== undefined) return [{ name, pos, kind: 'array' }];
      return [{ name, pos, kind: append === true ? 'other' : 'word', value }];
    }
    case 'For': {
      const isNumbers =
        node.wordlist?.every(({ text }) => INTEGER.test(text) || /^\{\d+\.\.\d+\}$/.test(text)) === true;
      const within = [node.body.pos, node.body.end] as const;
      const [only, ...others] = node.wordlist ?? [];
      const pattern = only !== undefined && others.length === 0 ? { pattern: only } : {};
      return [{ name: node.name.text, pos, kind: isNumbers && only ? 'numbers' : 'other', within, ...pattern }];
    }
    case 'Select':
      return [
        { name: node.name.text, pos, kind: 'other' },
        { name: 'REPLY', pos, kind: 'other' },
      ];
    case 'ArithmeticFor': {
      const { initialize } = node;
      if (initialize?.type !== 'ArithmeticBinary' || initialize.operator !== '=') return [];
      if (initialize.left.type !== 'ArithmeticWord') return [];
      return [{ name: initialize.left.value, pos, kind: 'numbers', within: [initialize.end, node.end] }];
    }
    case 'ArithmeticBinary':
      if (!ASSIGNMENT.test(node.operator) || node.left.type !== 'ArithmeticWord') return [];
      return [{ name: node.left.value, pos, kind: 'numbers' }];
    case 'ArithmeticUnary':
      if (!['++', '--'].includes(node.operator) || node.operand.type !== 'ArithmeticWord') return [];
      return [{ name: node.operand.value, pos, kind: 'numbers' }];
    case 'ParameterExpansion': {
      const { operation, parameter } = node;
      const assigns = operation?.type === 'Default' && operation.operator.endsWith('=');
      return assigns ? [{ name: parameter, pos, kind: 'other' }] : [];
    }
    case 'FileDescriptorVariable':
      return [{ name: node.name, pos, kind: 'other' }];
    case 'Coproc':
      return ['', '_PID'].map((end) => ({ name: `${node.name?.text ?? 'coproc'}${end}`, pos, kind: 'other' as const }));
    case 'Command':
      return namesIn(node);
    default:
      return [];
  }
}

const LITERALS = new Set(['Literal', 'SingleQuoted', 'AnsiCQuoted']);
/** Builtins of which no argument that is understood names a variable. */
const NAMELESS = new Set(['printf', 'wait', 'let']);

/** Returns each name that can be a variable of a builtin. A name that the text does not say is the empty one. */
function namesIn({ name, suffix }: Command): Binding[] {
  const called = name === undefined ? '' : literalOf(name);
  // A name that the text does not say can be that of a builtin.
  if (called !== undefined && !BINDERS.has(called)) return [];
  const words = suffix.filter((part): part is Word => part.type === 'Word');
  return words.flatMap(({ value, parts, pos }) => {
    const found = /^\+?([A-Za-z_]\w*)(?:\+?=|$)/.exec(value)?.[1];
    if (found !== undefined) return [{ name: found, pos, kind: 'other' as const }];
    return isLiteral(parts) || NAMELESS.has(called ?? '') ? [] : [{ name: '', pos, kind: 'other' as const }];
  });
}

function isLiteral(parts: readonly WordPart[] | undefined): boolean {
  return (parts ?? []).every((part) => {
    if (part.type === 'DoubleQuoted' || part.type === 'LocaleString') return isLiteral(part.parts);
    return LITERALS.has(part.type);
  });
}

/** Returns a word without its quotes; undefined if it has expansions. */
export const literalOf = ({ parts, value }: Word): string | undefined => (isLiteral(parts) ? value : undefined);
