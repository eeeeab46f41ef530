import { describe, expect, it } from 'vitest';
import {
  actionsNamed,
  argumentsRead,
  argumentsTested,
  loopDepth,
  names,
  onlyActions,
  syntaxOf,
  textsCompared,
} from './cel-ast.js';

describe('actionsNamed', () => {
  it.each([
    ['action == "refund"', ['refund']],
    ['"refund" == action', ['refund']],
    ['action in ["refund", "pay"]', ['refund', 'pay']],
    ['action == "refund" && input.amount > 5', ['refund']],
    ['action == "refund" || action == "pay"', ['refund', 'pay']],
    ['action == "refund" || input.amount > 5', ['refund']],
    ['action == "refund" && action == "pay"', []],
    ['input.amount > 5 ? action == "pay" : action == "refund"', ['pay', 'refund']],
    ['action != "refund"', undefined],
    ['!(action == "refund")', undefined],
    ['input.action == "refund"', undefined],
    ['input.text == "action == refund"', undefined],
    ['action == input.name', undefined],
    ['action.startsWith("re")', undefined],
  ])('of %s', (text, expected) => {
    const named = actionsNamed(syntaxOf(text));
    expect(named && [...named]).toEqual(expected);
  });
});

describe('onlyActions', () => {
  it.each([
    ['action == "refund"', ['refund']],
    ['action in ["refund", "pay"] && input.amount > 5', ['refund', 'pay']],
    ['action == "refund" || action == "pay"', ['refund', 'pay']],
    ['action == "refund" || input.amount > 5', undefined],
    ['action != "refund"', undefined],
    ['!(action == "refund")', undefined],
    ['input.amount > 5 ? action == "pay" : true', undefined],
  ])('of %s', (text, expected) => {
    const only = onlyActions(syntaxOf(text));
    expect(only && [...only]).toEqual(expected);
  });
});

describe('textsCompared', () => {
  it.each([
    ['!(action == "refund") || action in ["pay"]', ['refund', 'pay']],
    ['action != "refund"', ['refund']],
    ['"refund" in action || "pay" != action', ['refund', 'pay']],
    ['["x"].exists(y, action == "refund" && y == "x")', ['refund']],
    ['input.note == "action == \\"refund\\""', []],
  ])('of %s', (text, expected) => {
    expect([...textsCompared(syntaxOf(text), 'action')]).toEqual(expected);
  });
});

describe('the arguments that an expression reads and tests', () => {
  it.each([
    ['input.amount + input.fee', ['amount', 'fee'], []],
    ['input["amount"]', ['amount'], []],
    ['has(input.to) ? input.to : "nobody"', ['to'], ['to']],
    ['input.order.lines.map(line, line.price)', ['order'], []],
    ['input.?to.orValue("nobody")', [], []],
    ['"input.amount"', [], []],
    ['result.input.amount', [], []],
  ])('of %s', (text, read, tested) => {
    const ast = syntaxOf(text);
    expect([[...argumentsRead(ast)], [...argumentsTested(ast)]]).toEqual([read, tested]);
  });
});

describe('names', () => {
  it.each([
    ['amount > 5', 'amount', true],
    ['input.amount > 5', 'amount', false],
    ['"amount" == input.kind', 'amount', false],
    ['[1].map(x, amount)', 'amount', true],
  ])('%s names %s: %s', (text, variable, expected) => {
    expect(names(syntaxOf(text), variable)).toBe(expected);
  });
});

describe('loops', () => {
  it.each([
    ['size(input.a) + sum(input.a)', 0],
    ['input.a.map(x, x) == input.b.filter(y, y > 1)', 1],
    ['input.a.filter(x, x > 1).map(x, x).exists(x, x == 2)', 1],
    ['input.a.map(x, size(input.a.filter(y, y == x)))', 2],
    ['input.a.all(x, input.a.exists_one(y, input.a.exists(z, z == y)))', 3],
    ['effects.exists(e, input.a.exists(x, x == e))', 1],
    ['[1].map(x, {"k": input.a.map(y, y)})', 2],
  ])('in %s are this deep: %i', (text, depth) => {
    expect(loopDepth(syntaxOf(text))).toBe(depth);
  });
});
