import {
  type Command,
  type Function as FunctionNode,
  forEachChild,
  type ParsedScript,
  parse,
  type Redirection,
  type SyntaxNode,
} from 'unbash';
import { Commands } from './commands.js';
import type { Effects } from './effects/effects.js';
import { type Directories, joined } from './effects/paths.js';
import type { Frame, Surroundings } from './frame.js';
import { DEEPEST_SCRIPTS, LONGEST, MOST_DOCUMENTS } from './limits.js';
import { NotUnderstood } from './not-understood.js';
import type { Input } from './programs/call.js';
import { isTabled } from './programs/table.js';
import { type Arg, literal } from './syntax/arg.js';
import { Evaluated } from './syntax/evaluated.js';
import { readRedirections } from './syntax/redirections.js';
import { type Scan, scan } from './syntax/scan.js';
import { Variables } from './syntax/variables.js';
import { Words } from './syntax/words.js';

/** Reads one script, and records in `effects` what it does. */
export function readScript(text: string, surroundings: Surroundings): void {
  if (text.length > LONGEST) throw new NotUnderstood('limit', text, 0, `the text has more than ${LONGEST} characters`);
  if (surroundings.depth > DEEPEST_SCRIPTS)
    throw new NotUnderstood('limit', text, 0, `scripts are nested deeper than ${DEEPEST_SCRIPTS}`);
  // Shells disagree about these, and about what is no character at all.
  const odd = /[^\P{Cc}\t\n]|[\p{Cs}\u2028\u2029]/u.exec(text);
  if (odd !== null) throw new NotUnderstood('character', '', odd.index, 'the text has a control character');
  const differs = surroundings.isPosix ? /\$'|\$"|<\(|>\(|&>|\|&|<<<|\{\w+\}[<>]/.exec(text) : null;
  if (differs !== null)
    throw new NotUnderstood('syntax', differs[0], differs.index, 'sh reads this in another way than bash');
  if (text.split('<<').length > MOST_DOCUMENTS)
    throw new NotUnderstood('limit', text, 0, `the text has more than ${MOST_DOCUMENTS} here documents`);
  const script = parse(text);
  const variables = new Variables();
  const found = scan(script, surroundings.budget, variables);
  variables.check();
  new Walk(surroundings, variables, found).script(script);
}

class Walk implements Frame {
  readonly words: Words;
  readonly effects: Effects;
  directories: Directories;
  input: Input;
  private readonly evaluated: Evaluated;
  private readonly functions = new Set<string>();
  private readonly commands: Commands;
  /** The directories after the last command, if it was one that changes them, and if it succeeded. */
  private gone: { readonly to: Directories } | undefined;

  constructor(
    readonly surroundings: Surroundings,
    private readonly variables: Variables,
    private readonly found: Scan,
  ) {
    this.words = new Words(variables, surroundings.isPosix);
    variables.read = (word) => this.words.one(word).value;
    this.effects = surroundings.effects;
    this.evaluated = new Evaluated(variables, surroundings.isPosix);
    this.directories = surroundings.directories;
    this.input = surroundings.input;
    this.commands = new Commands(this, variables);
  }

  /** Sets the directories after a command that may change them. */
  moved(directories: Directories): void {
    this.gone = { to: directories };
    this.directories = joined(this.directories, directories);
  }

  readNested(text: string, isPosix: boolean, remote: string | undefined): void {
    const { effects, directories, input } = this;
    const { budget, depth } = this.surroundings;
    readScript(text, { effects, directories, input, isPosix, remote, budget, depth: depth + 1 });
  }

  script(script: ParsedScript): void {
    // A function runs where it is called.
    if (this.found.hasFunction && this.found.changes.length > 0) this.directories = undefined;
    for (const statement of script.commands) {
      this.visit(statement);
      if (statement.command.type === 'Function' && !this.found.unsets) this.functions.add(statement.command.name.value);
    }
  }

  private readonly visit = (node: SyntaxNode): void => {
    this.evaluated.check(node);
    switch (node.type) {
      case 'Statement':
        if (node.background === true) this.apart(node);
        else this.children(node);
        return;
      case 'Pipeline':
        this.pipeline(node.commands);
        return;
      case 'AndOr':
        this.list(node.commands, node.operators);
        return;
      case 'Subshell':
      case 'Coproc':
      case 'ProcessSubstitution':
      case 'ArithmeticCommandExpansion':
        this.apart(node);
        return;
      case 'CommandExpansion':
        // Positions in a script between backticks are those of its own text.
        if (node.script?.source === undefined) this.apart(node);
        else {
          const { directories } = this;
          if (this.found.changes.length > 0) this.directories = undefined;
          this.variables.at(-1, () => this.apart(node));
          this.directories = directories;
        }
        return;
      case 'HereDoc':
        this.variables.at(node.pos, () => this.children(node));
        return;
      case 'While':
      case 'For':
      case 'ArithmeticFor':
      case 'Select':
        if (this.found.changes.some(({ pos, apart }) => node.pos <= pos && pos < node.end && apart < node.pos))
          this.directories = undefined;
        this.children(node);
        return;
      case 'If':
      case 'Elif':
      case 'Case':
        forEachChild(node, (child) => {
          const before = this.directories;
          this.visit(child);
          this.directories = joined(before, this.directories);
        });
        return;
      case 'Function':
        this.define(node);
        return;
      case 'Redirected':
        this.redirected(node.redirects, () => this.children(node));
        return;
      case 'Command':
        this.command(node);
        return;
      default:
        this.children(node);
    }
  };

  private children(node: SyntaxNode): void {
    forEachChild(node, this.visit);
  }

  /** Visits what runs in a process of its own. */
  private apart(node: SyntaxNode): void {
    const { directories, input } = this;
    if (node.type === 'Coproc' || node.type === 'ProcessSubstitution') this.input = { from: 'unknown' };
    this.children(node);
    this.directories = directories;
    this.gone = undefined;
    this.input = input;
  }

  private pipeline(commands: readonly SyntaxNode[]): void {
    const [first, ...others] = commands;
    if (first === undefined) return;
    if (others.length === 0) {
      this.visit(first);
      return;
    }
    const { directories, input } = this;
    for (const command of commands) {
      if (command !== first) this.input = { from: 'unknown' };
      this.visit(command);
      this.directories = directories;
    }
    this.input = input;
  }

  /** After `cd a && b`, b runs in a only; what follows the list, in either directory. */
  private list(commands: readonly SyntaxNode[], operators: readonly string[]): void {
    let ends = this.directories;
    const firstOr = operators.indexOf('||');
    commands.forEach((command, index) => {
      this.gone = undefined;
      this.visit(command);
      const gone = this.gone as { readonly to: Directories } | undefined;
      ends = index === 0 ? this.directories : joined(ends, this.directories);
      if (
        operators[index] === '&&' &&
        command.type === 'Command' &&
        gone !== undefined &&
        (firstOr === -1 || index <= firstOr)
      )
        this.directories = gone.to;
      else if (operators[index] === '||') this.directories = ends;
    });
    this.directories = ends;
  }

  private define(node: FunctionNode): void {
    const { value, pos, parts } = node.name;
    if (parts !== undefined || !/^[A-Za-z_][\w-]*$/.test(value) || isTabled(value))
      throw new NotUnderstood(
        'function',
        value,
        pos,
        'a function with this name is called instead of what the name says',
      );
    const { input } = this;
    this.input = { from: 'unknown' };
    this.children(node);
    this.input = input;
  }

  private redirected(redirects: readonly Redirection[], run: () => void): void {
    const before = this.input;
    this.input = readRedirections(redirects, { ...this.places(), words: this.words }) ?? before;
    run();
    this.input = before;
  }

  /** Returns where paths of redirections are recorded. */
  private places(): { effects: Effects; directories: Directories; isHere: boolean } {
    const { effects, directories } = this;
    return { effects, directories, isHere: this.surroundings.remote === undefined };
  }

  private command(node: Command): void {
    this.children(node);
    const { name } = node;
    this.redirected(node.redirects, () => {
      if (name === undefined) return;
      const called = this.words.all(name);
      const [arg] = called;
      if (called.length !== 1 || arg?.value === undefined || arg.value === '')
        throw new NotUnderstood('name', name.text, name.pos, 'the text does not say which program this is');
      this.commands.run(arg.value, this.argsOf(node), name.pos, this.functions.has(arg.value));
    });
  }

  private argsOf({ args }: Command): Arg[] {
    return args.flatMap((arg) => {
      if (arg.type === 'Word') return this.words.all(arg);
      const start = `${arg.name}${arg.append === true ? '+' : ''}=`;
      if (arg.value.type === 'ArrayValue' || arg.index !== undefined)
        return [{ value: undefined, lead: start, many: false, pos: arg.pos }];
      const { value, lead } = this.words.one(arg.value);
      const whole = value === undefined ? undefined : `${start}${value}`;
      return [
        whole === undefined
          ? { value: undefined, lead: `${start}${lead}`, many: false, pos: arg.pos }
          : literal(whole, arg.pos),
      ];
    });
  }
}
