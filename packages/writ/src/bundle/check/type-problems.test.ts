import * as official from '@writ/cedar/official';
import { describe, expect, it } from 'vitest';
import { joinedProblems, problemOf } from './type-problems.js';

const SCHEMA = `
entity User { a?: String, n: { b?: Long } };
entity Agent { a?: String, n: { b?: Long } };
entity Tool;
action one, two, three, four, "odd \\"name" appliesTo { principal: [User, Agent], resource: [Tool], context: { x?: Long, tool: { d?: { i: Long } } } };
action five appliesTo { principal: [User, Agent], resource: [Tool], context: { y?: Long, tool: { d?: { i: Long } } } };
`;

function found(
  condition: string,
): { readonly message: string; readonly help: string | undefined; readonly at: string }[] {
  const policy = `permit (principal, action, resource) when { ${condition} };`;
  const answer = official.validate({ schema: SCHEMA, policies: { staticPolicies: { p: policy } } });
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
  const problems = answer.validationErrors.map(({ error }) => problemOf(error, policy));
  return joinedProblems(problems, policy).map(({ message, help, at }) => ({
    message: message.replace('for policy `p`, ', ''),
    help,
    at: policy.slice(at),
  }));
}

describe('a mistake in a policy', () => {
  it('in a decimal is shown as the decimal that was meant', () => {
    const helps = ['900', '-7', '1.23456'].map((text) => found(`decimal("${text}").lessThan(decimal("1.0"))`)[0]?.help);
    expect(helps).toEqual([
      'a decimal has digits after the point: decimal("900.0")',
      'a decimal has digits after the point: decimal("-7.0")',
      'at most 4 digits are supported',
    ]);
  });

  it('is one problem, however many actions it is for', () => {
    expect(found('context.tool.nothing == 1')).toEqual([
      {
        message: 'attribute `tool.nothing` in context for 6 actions (five, four, odd \\"name and 3 more) not found',
        help: 'did you mean `d`?',
        at: 'context.tool.nothing == 1 };',
      },
    ]);
    expect(found('context.x == 1 && context.x == 2').map(({ message }) => message)).toEqual([
      'attribute `x` in context for Action::"five" not found',
      'unable to guarantee safety of access to optional attribute `x` in context for 5 actions (four, odd \\"name, one and 2 more)',
      'attribute `x` in context for Action::"five" not found',
      'unable to guarantee safety of access to optional attribute `x` in context for 5 actions (four, odd \\"name, one and 2 more)',
    ]);
  });

  it('is one problem for all types of entity', () => {
    expect(found('principal.zz == 1').map(({ message }) => message)).toEqual([
      'attribute `zz` on 2 entity types (Agent, User) not found',
    ]);
  });

  it('keeps a help only if it is that of all', () => {
    const [problem] = found('context.z == 1');
    expect(problem).toMatchObject({
      message: 'attribute `z` in context for 6 actions (five, four, odd \\"name and 3 more) not found',
      help: 'say in the head which actions it is for, or test for it with `has`',
    });
  });

  it('is two problems at two places', () => {
    expect(found('context.tool.aa == 1 || context.tool.aa == 2')).toHaveLength(2);
  });
});

describe('an attribute that may be absent', () => {
  const tested = 'test for it first: ';
  const negated = 'does not count as a test: write ';
  it.each([
    ['context.tool.d.i > 1', `${tested}\`context.tool has d && …\`, or \`if context.tool has d then … else …\``],
    ['principal.n.b == 1', `${tested}\`principal.n has b && …\`, or \`if principal.n has b then … else …\``],
    ['principal.a == "x"', `${tested}\`principal has a && …\`, or \`if principal has a then … else …\``],
    [
      '!(context.tool has d) || context.tool.d.i > 1',
      `\`!(context.tool has d) || …\` ${negated}\`if context.tool has d then … else true\``,
    ],
    [
      '!( context has tool.d )\n || (true && context.tool.d.i > 1)',
      `\`!(context.tool has d) || …\` ${negated}\`if context.tool has d then … else true\``,
    ],
    [
      '!(principal has a) || principal.a == "x"',
      `\`!(principal has a) || …\` ${negated}\`if principal has a then … else true\``,
    ],
    [
      '!(principal.n has b) || principal.n.b == 1',
      `\`!(principal.n has b) || …\` ${negated}\`if principal.n has b then … else true\``,
    ],
  ])('%s', (condition, help) => {
    expect(found(condition).map((one) => one.help)).toEqual([help]);
  });

  it('is accepted as the help says', () => {
    for (const fixed of [
      'if context.tool has d then context.tool.d.i > 1 else true',
      'context.tool has d && context.tool.d.i > 1',
      'if principal has a then principal.a == "x" else true',
    ])
      expect(found(fixed)).toEqual([]);
  });
});
