/** The files that a script of sed names. */
interface SedFiles {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

const REFUSED = 'this script of sed is not understood';
const RUNS = 'sed can run a program with this';

/** Reads a script of sed; refuses commands that run programs, and what versions of sed read in different ways. */
export function readSed(script: string, refuse: (why: string) => never): SedFiles {
  const reads: string[] = [];
  const writes: string[] = [];
  let at = 0;
  const rest = (): string => script.slice(at);
  const take = (pattern: RegExp): string | undefined => {
    const match = pattern.exec(rest())?.[0];
    if (match !== undefined) at += match.length;
    return match;
  };
  /** Skips to the delimiter; a bracket with the delimiter in it ends in different places. */
  const section = (delimiter: string, isPattern: boolean): string => {
    const start = at;
    let isBracket = false;
    for (; at < script.length; at += 1) {
      const char = script[at] as string;
      if (char === '\\') at += 1;
      else if (char === delimiter) {
        if (isBracket) refuse(REFUSED);
        at += 1;
        return script.slice(start, at - 1);
      } else if (char === '\n' && isPattern) refuse(REFUSED);
      else if (isPattern && char === '[' && !isBracket) isBracket = true;
      else if (isPattern && char === ']' && isBracket && !/^\[\^?$/.test(script.slice(script.lastIndexOf('[', at), at)))
        isBracket = false;
    }
    return refuse(REFUSED);
  };
  const delimiter = (): string => {
    const char = script[at] ?? refuse(REFUSED);
    if (/[\\\n\sA-Za-z0-9[\]]/.test(char) || char.charCodeAt(0) > 126) refuse(REFUSED);
    at += 1;
    return char;
  };
  const address = (): boolean => {
    if (take(/^(?:\d+(?:~\d+)?|\$)/) !== undefined) return true;
    if (script[at] === '\\') at += 1;
    else if (script[at] !== '/') return false;
    section(delimiter(), true);
    take(/^[IM]+/);
    return true;
  };
  while (at < script.length) {
    if (take(/^[\s;]+/) !== undefined) continue;
    if (take(/^#[^\n]*/) !== undefined) continue;
    if (address() && take(/^\s*,\s*/) !== undefined && take(/^[+~]\d+/) === undefined && !address()) refuse(REFUSED);
    take(/^[\s!]+/);
    const command = script[at] ?? refuse(REFUSED);
    at += 1;
    if ('{}='.includes(command) || 'pPdDnNgGhHxz'.includes(command)) take(/^\s*(?=[;}\n]|$)/);
    else if ('qQlL'.includes(command)) take(/^\s*\d*/);
    else if ('btT:'.includes(command)) take(/^\s*[\w-]*/);
    else if ('aic'.includes(command)) take(/^(?:[^\\\n]|\\[\s\S])*/);
    else if (command === 'y' || command === 's') {
      const end = delimiter();
      section(end, command === 's');
      section(end, false);
      if (command === 's') {
        take(/^[gpiIm\d]*/i);
        if (script[at] === 'e') refuse(RUNS);
        if (take(/^w[ \t]+/) !== undefined) writes.push(take(/^[^\n]+/) ?? refuse(REFUSED));
      }
    } else if ('rR'.includes(command)) reads.push((take(/^[^\n]+/) ?? '').trim() || refuse(REFUSED));
    else if ('wW'.includes(command)) writes.push((take(/^[^\n]+/) ?? '').trim() || refuse(REFUSED));
    else refuse(command === 'e' ? RUNS : REFUSED);
    // A command ends at its end only: otherwise this reader and sed disagree.
    if (at < script.length && !/[\s;}]/.test(script[at] as string) && !'{}'.includes(command)) refuse(REFUSED);
  }
  return { reads, writes };
}
