import { EXTENSION_FUNCTIONS } from '../evaluate/extensions.js';
import type { EntityUid } from '../values/uid.js';
import type { Entity, Value } from '../values/value.js';
import type { ActionConstraint, Expr, Pattern, Policy, ScopeConstraint, Target } from './ast.js';

/** A policy in Cedar syntax. Reads back as the same policy. */
export function printPolicy(policy: Policy): string {
  const annotations = Object.entries(policy.annotations).map(([name, value]) => `@${name}(${quote(value)})\n`);
  const conditions = policy.conditions.map(({ kind, body }) => `\n${kind} { ${printExpr(body)} }`);
  const scope = [
    scopeText('principal', policy.principal),
    actionText(policy.action),
    scopeText('resource', policy.resource),
  ];
  return `${annotations.join('')}${policy.effect} (${scope.join(', ')})${conditions.join('')};`;
}

/** An expression in Cedar syntax, with parentheses wherever they could matter. */
export function printExpr(expr: Expr): string {
  switch (expr.op) {
    case 'value':
      return literal(expr.value);
    case 'entity':
      return printUid(expr.uid);
    case 'variable':
      return expr.name;
    case 'slot':
      return expr.slot;
    case '!':
      return `!${inner(expr.arg)}`;
    case 'neg':
      // A minus before a literal would be read as part of it.
      return `-(${printExpr(expr.arg)})`;
    case 'isEmpty':
      return `${inner(expr.arg)}.isEmpty()`;
    case 'get':
      return `${inner(expr.of)}[${quote(expr.attribute)}]`;
    case 'has':
      return `${inner(expr.of)} has ${expr.path.length === 1 ? quote(expr.path[0] as string) : expr.path.join('.')}`;
    case 'like':
      return `${inner(expr.of)} like ${patternText(expr.pattern)}`;
    case 'is':
      return `${inner(expr.of)} is ${expr.entityType}${expr.within === undefined ? '' : ` in ${inner(expr.within)}`}`;
    case 'if':
      return `if ${inner(expr.test)} then ${inner(expr.yes)} else ${inner(expr.no)}`;
    case 'set':
      return `[${expr.items.map(printExpr).join(', ')}]`;
    case 'record':
      return `{${expr.entries.map(([name, value]) => `${quote(name)}: ${printExpr(value)}`).join(', ')}}`;
    case 'call':
      return callText(expr.name, expr.args);
    case 'contains':
    case 'containsAll':
    case 'containsAny':
    case 'getTag':
    case 'hasTag':
      return `${inner(expr.left)}.${expr.op}(${printExpr(expr.right)})`;
    default:
      return `${inner(expr.left)} ${expr.op} ${inner(expr.right)}`;
  }
}

function inner(expr: Expr): string {
  const bare =
    expr.op === 'variable' || expr.op === 'entity' || expr.op === 'set' || expr.op === 'record' || expr.op === 'slot';
  return bare ? printExpr(expr) : `(${printExpr(expr)})`;
}

function callText(name: string, args: readonly Expr[]): string {
  const [first, ...rest] = args;
  const isConstructor = name === 'ip' || name === 'decimal' || name === 'datetime' || name === 'duration';
  if (isConstructor || first === undefined || !EXTENSION_FUNCTIONS.has(name))
    return `${name}(${args.map(printExpr).join(', ')})`;
  return `${inner(first)}.${name}(${rest.map(printExpr).join(', ')})`;
}

/** Only scalars are literals of the syntax tree; everything else is an expression of its own. */
function literal(value: Value): string {
  return typeof value === 'string' ? quote(value) : String(value);
}

function printUid(uid: EntityUid | Entity): string {
  return `${uid.type}::${quote(uid.id)}`;
}

/** A string literal of Cedar, whose escapes are Rust's and not JSON's. */
function quote(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (code < 0x20 || code === 0x7f) out += `\\u{${code.toString(16)}}`;
    else out += char;
  }
  return out;
}

function patternText(pattern: Pattern): string {
  return `"${pattern.map((part) => escaped(part).replaceAll('*', '\\*')).join('*')}"`;
}

function scopeText(name: 'principal' | 'resource', scope: ScopeConstraint): string {
  const target = (t: Target): string => ('slot' in t ? t.slot : printUid(t.uid));
  switch (scope.op) {
    case 'all':
      return name;
    case '==':
    case 'in':
      return `${name} ${scope.op} ${target(scope.target)}`;
    case 'is':
      return `${name} is ${scope.entityType}${scope.within === undefined ? '' : ` in ${target(scope.within)}`}`;
  }
}

function actionText(scope: ActionConstraint): string {
  switch (scope.op) {
    case 'all':
      return 'action';
    case '==':
      return `action == ${printUid(scope.uid)}`;
    case 'in':
      return `action in [${scope.uids.map(printUid).join(', ')}]`;
  }
}
