import {
  type ArithmeticExpression,
  forEachChild,
  type ParameterExpansionPart,
  type SyntaxNode,
  type TestCommand,
  type TestExpression,
  type Word,
} from 'unbash';
import { NotUnderstood } from '../not-understood.js';
import { IDENTIFIER } from './names.js';
import type { Variables } from './variables.js';

const NUMBER = /^\d[\da-zA-Z#@_]*$/;
const COMPARES = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge']);
const HARMLESS_TRANSFORMS = /^[QEUuLaK]$/;

/**
 * Refuses places where the shell evaluates text again. A variable in arithmetic is itself read as an expression, and the
 * commands in a subscript of that run: `x='a[$(rm f)]'; (( x ))`.
 */
export class Evaluated {
  constructor(
    private readonly variables: Variables,
    private readonly isPosix: boolean,
  ) {}

  /** Checks a node itself; the caller visits its children. */
  check(node: SyntaxNode): void {
    switch (node.type) {
      case 'ArithmeticCommand':
        this.bashOnly(node, '(( ))');
        this.arithmetic(node.expression, node);
        return;
      case 'ArithmeticExpansion':
        this.arithmetic(node.expression, node);
        return;
      case 'ArithmeticFor':
        for (const part of [node.initialize, node.test, node.update])
          if (part !== undefined) this.arithmetic(part, node);
        return;
      case 'TestCommand':
        this.bashOnly(node, '[[ ]]');
        this.test(node);
        return;
      case 'ParameterExpansion':
        this.parameter(node);
        return;
      case 'Assignment':
        if (node.index !== undefined) this.number(node.index);
        return;
      case 'ArrayValue':
        for (const { text, pos } of node.elements)
          if (text.startsWith('[') && !/^\[\d+\]\+?=/.test(text)) throw evaluated(text, pos);
        return;
      default:
    }
  }

  private bashOnly({ pos }: SyntaxNode, text: string): void {
    if (this.isPosix) throw new NotUnderstood('syntax', text, pos, 'sh runs this as a program');
  }

  private arithmetic(node: ArithmeticExpression | undefined, { pos }: { readonly pos: number }): void {
    if (node === undefined) throw new NotUnderstood('arithmetic', '', pos, 'the expression is empty');
    switch (node.type) {
      case 'ArithmeticBinary':
        // A simple assignment does not read its left side.
        if (node.operator !== '=' || !isName(node.left)) this.arithmetic(node.left, node);
        this.arithmetic(node.right, node);
        return;
      case 'ArithmeticUnary':
        this.arithmetic(node.operand, node);
        return;
      case 'ArithmeticTernary':
        for (const part of [node.test, node.consequent, node.alternate]) this.arithmetic(part, node);
        return;
      case 'ArithmeticGroup':
        this.arithmetic(node.expression, node);
        return;
      case 'ArithmeticWord':
        if (!this.isInteger(node)) throw evaluated(node.value, node.pos);
        return;
      default:
        throw evaluated(node.text, node.pos);
    }
  }

  private isInteger({ value, parts, pos }: Pick<Word, 'value' | 'parts' | 'pos'>): boolean {
    const [part, second] = parts ?? [];
    if (part === undefined)
      return NUMBER.test(value) || (IDENTIFIER.test(value) && this.variables.isIntegerAt(value, pos));
    if (second !== undefined) return false;
    if (part.type === 'ArithmeticExpansion') return true;
    if (part.type === 'Literal') return NUMBER.test(part.value);
    if (part.type === 'DoubleQuoted') return this.isInteger({ value, parts: part.parts, pos });
    if (part.type === 'SimpleExpansion') {
      const name = part.text.slice(1);
      return ['#', '?', '$'].includes(name) || this.variables.isIntegerAt(name, part.pos);
    }
    if (part.type !== 'ParameterExpansion' || part.operation !== undefined) return false;
    if (part.prefix === '#') return true;
    return (
      part.prefix === undefined && part.index === undefined && this.variables.isIntegerAt(part.parameter, part.pos)
    );
  }

  /** Checks a subscript or an offset, which the shell evaluates as arithmetic. */
  private number(word: Word): void {
    if (word.text === '@' || word.text === '*') return;
    if (word.parts === undefined && /^\s*-?\d+\s*$/.test(word.value)) return;
    if (!this.isInteger(word)) throw evaluated(word.text, word.pos);
  }

  private parameter({ prefix, index, operation, text, pos }: ParameterExpansionPart): void {
    if (operation !== undefined && hasProcess(operation))
      throw new NotUnderstood('expansion', text, pos, 'shells find the end of a process in it in different places');
    if (index !== undefined) this.number(index);
    if (prefix === '!' && operation?.type !== 'Names' && index?.text !== '@' && index?.text !== '*')
      throw new NotUnderstood('expansion', text, pos, 'the value of a variable is read as a name');
    if (operation?.type === 'Slice') {
      this.number(operation.offset);
      if (operation.length !== undefined) this.number(operation.length);
    }
    if (operation?.type === 'Unknown') throw new NotUnderstood('expansion', text, pos, 'this expansion is unknown');
    if (operation?.type === 'Transform' && !HARMLESS_TRANSFORMS.test(operation.operand.text))
      throw new NotUnderstood('expansion', text, pos, 'the value of a variable is expanded again');
  }

  private test({ expression }: TestCommand): void {
    const visit = (node: TestExpression): void => {
      switch (node.type) {
        case 'TestBinary':
          if (COMPARES.has(node.operator)) for (const word of [node.left, node.right]) this.number(word);
          return;
        case 'TestUnary':
          if (node.operator === '-R' || (node.operator === '-v' && !IDENTIFIER.test(node.operand.text)))
            throw evaluated(node.operand.text, node.operand.pos);
          return;
        case 'TestLogical':
          node.operands.forEach(visit);
          return;
        case 'TestNot':
          visit(node.operand);
          return;
        case 'TestGroup':
          visit(node.expression);
          return;
      }
    };
    visit(expression);
  }
}

/** Whether `<( )` stands in an operand itself; in a substitution there it is read as everywhere. */
function hasProcess(node: SyntaxNode): boolean {
  switch (node.type) {
    case 'ProcessSubstitution':
      return true;
    case 'CommandExpansion':
      return false;
    case 'Literal':
      return /[<>]\(/.test(node.text);
    case 'Word':
      if (node.parts === undefined) return /[<>]\(/.test(node.text);
  }
  let found = false;
  forEachChild(node, (child) => {
    found ||= hasProcess(child);
  });
  return found;
}

const isName = (node: ArithmeticExpression): boolean => node.type === 'ArithmeticWord' && IDENTIFIER.test(node.value);

const evaluated = (text: string, pos: number): NotUnderstood =>
  new NotUnderstood('arithmetic', text, pos, 'the shell evaluates the values in it, with the commands in them');
