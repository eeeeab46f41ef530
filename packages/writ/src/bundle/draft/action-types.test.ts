import { Schema } from '@writ/cedar';
import { describe, expect, it } from 'vitest';
import { actionTypes } from './action-types.js';

const of = (text: string): string => actionTypes(Schema.parse(`entity User, Agent; entity Order;\n${text}`));
const on = 'appliesTo { principal: [User, Agent], resource: [Order], context: ';

describe('the types of actions for clients', () => {
  it('are those of the JSON that a client sends', () => {
    const input = '{ amount: Long, lines: Set<{ n: Long, "a b"?: String }>, ok?: Bool, who: User, at: datetime }';
    expect(of(`action refund ${on}{ input: ${input} } };`)).toContain(`
  "refund": {
    principal: "Agent" | "User";
    resource: "Order";
    input: { readonly "amount": number; readonly "at": unknown; readonly "lines": readonly ({ readonly "a b"?: string; readonly "n": number })[]; readonly "ok"?: boolean; readonly "who": unknown };
  };
`);
  });

  it.each([
    ['without an input', '{}', 'undefined'],
    ['with an input that can be absent', '{ input?: { n: Long } }', '{ readonly "n": number } | undefined'],
    ['with an input without members', '{ input: {} }', 'Readonly<Record<string, never>>'],
  ])('of an action %s', (_what, context, type) => {
    expect(of(`action look ${on}${context} };`)).toContain(`    input: ${type};\n`);
  });

  it('are the same text whatever the order of the schema, without groups of actions', () => {
    const [a, b] = [`action a ${on}{} };`, `action b in [group] ${on}{} };`];
    expect(of(`action group; ${b} ${a}`)).toBe(of(`${a} ${b} action group;`));
    expect(of(`action group; ${a}`)).not.toContain('group');
  });

  it('quote names, so that none ends its text', () => {
    expect(of(`action "a\\"; x" ${on}{} };`)).toContain('  "a\\"; x": {\n');
  });
});
