import type { Arg } from '../syntax/arg.js';

const UNARY = /^(?:-[abcdefghknoprstuwxzGLNOS]|!)$/;
const BINARY = /^(?:=|==|!=|<|>|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef|-a|-o)$/;

/**
 * Refuses a test that evaluates the name of a variable: `-v 'a[$(rm f)]'`. An unknown word must stand where no operator
 * can, and one that is split into several can be anything.
 */
export function checkTest(name: string, args: readonly Arg[], refuse: (why: string, arg?: Arg) => never): void {
  const all = name === '[' ? args.slice(0, -1) : args;
  const isUnknown = all.some(({ value }) => value === undefined);
  all.forEach((arg, index) => {
    const { value, many } = arg;
    const before = all[index - 1]?.value;
    const after = all[index + 1]?.value;
    if (many) refuse('the words that this becomes can be operators', arg);
    if (value === '-R' || (value === '-v' && after !== undefined && !/^[A-Za-z_]\w*$/.test(after)))
      refuse('the name of a variable is evaluated', arg);
    if (value === '-v' && index + 1 < all.length && after === undefined)
      refuse('the name of a variable is evaluated', arg);
    // An operator that the text does not say could evaluate the word behind it.
    if (isUnknown && value?.includes('[') === true) refuse('this word can be the name of a variable', arg);
    if (value !== undefined || all.length === 1) return;
    const isOperand =
      (before !== undefined && (UNARY.test(before) || BINARY.test(before))) ||
      (after !== undefined && BINARY.test(after));
    if (!isOperand) refuse('the word can be an operator', arg);
  });
}
