import type { Parameter, ValueRule } from '../definition/service.js';
import { refuse } from './refusal.js';

export type Value = string | number | boolean;

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * Returns a value of a parameter as its type says.
 *
 * @throws {Refused} if the text is not the one form of a value of that type
 */
export function parsedValue(text: string, { type, choices }: ValueRule, called: string): Value {
  if (choices !== undefined && !choices.has(text)) refuse('parameter_value', `${called} is not one of its choices`);
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      if (text !== 'true' && text !== 'false') refuse('parameter_value', `${called} is not true or false`);
      return text === 'true';
    case 'integer':
      if (!INTEGER.test(text) || !Number.isSafeInteger(Number(text)))
        refuse('parameter_value', `${called} is not a whole number of at most 2^53 - 1, in its plain form`);
      return Number(text);
    case 'number':
      if (!NUMBER.test(text) || !hasPlainDigits(text))
        refuse('parameter_value', `${called} is not a number in its plain form`);
      return Number(text);
  }
}

/** Returns whether every reader that has numbers of 64 bits has the same number, digit for digit. */
export function hasPlainDigits(literal: string): boolean {
  const value = Number(literal);
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return false;
  return decimalOf(literal) === decimalOf(String(value));
}

/** Returns a decimal number without what does not change it: `1.50` and `15e-1` are alike. */
function decimalOf(literal: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(literal) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  if (short === '') return '0';
  return `${sign}${short}e${Number(power) - fraction.length + digits.length - short.length}`;
}

/** @throws {Refused} if a required parameter is absent */
export function requireAll(declared: ReadonlyMap<string, Parameter>, given: ReadonlySet<string>, where: string): void {
  for (const [name, { isRequired }] of declared)
    if (isRequired && !given.has(name)) refuse('parameter_missing', `the ${where} ${JSON.stringify(name)} is missing`);
}
