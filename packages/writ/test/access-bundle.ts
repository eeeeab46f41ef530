import { bundleOf } from './running.js';

/** A shop whose refunds over 100 a lead has to approve, and whose exports two people have to. */
export const ACCESS_FILES = {
  'writ.yaml': `
name: approvals
callers:
  other: {}
  bot: {}
  security: { roles: [administrator] }
`,
  'schema.cedarschema': `
entity Group;
entity User in [Group] { email?: String, owner?: User };
entity Agent in [Group] { owner?: User };
entity Order { owner?: User };
entity Task;
entity Role { title?: String };

type Request = {
  action: String, originator: User, template: String, step: Long, uses: String, anyArguments: Bool, emergency: Bool,
  input: { amount?: Long },
};
action approve appliesTo { principal: [User], resource: [Order], context: { request: Request } };
action break_glass appliesTo { principal: [User], resource: [Order], context: { request: { template: String } } };
action refund, export, look, close appliesTo {
  principal: [User, Agent], resource: [Order],
  context: { input: { amount?: Long, note?: String }, approvals?: Set<String> }
};
action browse appliesTo { principal: [User, Agent], resource: [Role] };
`,
  'policies/work.cedar': `
@id("staff") permit (principal, action in [Action::"refund", Action::"export", Action::"look", Action::"close"], resource);

// Whoever may do everything may not approve because of that.
@id("boss") permit (principal == User::"boss", action, resource);

@id("refund-over-100")
@requestable("lead")
@reason("A refund over 100 is for a lead to approve")
forbid (principal is User, action == Action::"refund", resource)
when { context.input has amount && context.input.amount > 100 };

@id("refund-over-10000")
@reason("Nobody refunds that much")
forbid (principal, action == Action::"refund", resource)
when { context.input has amount && context.input.amount > 10000 };

@id("export-asks-two")
@requestable("two-eyes")
forbid (principal is User, action == Action::"export", resource);

@id("close-steps-up")
@stepUp("urn:example:loa:3")
forbid (principal is User, action == Action::"close", resource);

@id("roles-are-seen") permit (principal, action == Action::"browse", resource) unless { resource == Role::"hidden" };
`,
  'policies/approve.cedar': `
@id("leads-approve")
permit (principal in Group::"leads", action == Action::"approve", resource)
unless { context.request.input has amount && context.request.input.amount > 5000 };

@id("heads-approve-escalated")
permit (principal in Group::"heads", action == Action::"approve", resource)
when { context.request.step >= 1 };

@id("only-leads-widen")
forbid (principal, action == Action::"approve", resource)
when { context.request.anyArguments }
unless { principal in Group::"leads" };

@id("on-call-breaks-glass")
permit (principal in Group::"on-call", action == Action::"break_glass", resource);
`,
  'entities/people.json': JSON.stringify([
    { uid: { type: 'User', id: 'ana' }, attrs: {}, parents: [{ type: 'Group', id: 'on-call' }] },
    { uid: { type: 'User', id: 'ben' }, attrs: {}, parents: [] },
    {
      uid: { type: 'User', id: 'lena' },
      attrs: { email: 'lena@shop.example' },
      parents: [{ type: 'Group', id: 'leads' }],
    },
    {
      uid: { type: 'User', id: 'leo' },
      attrs: { email: 'leo@shop.example' },
      parents: [{ type: 'Group', id: 'leads' }],
    },
    {
      uid: { type: 'User', id: 'lena-second-account' },
      attrs: { owner: { __entity: { type: 'User', id: 'lena' } } },
      parents: [{ type: 'Group', id: 'leads' }],
    },
    {
      uid: { type: 'User', id: 'hana' },
      attrs: { email: 'hana@shop.example' },
      parents: [{ type: 'Group', id: 'heads' }],
    },
    { uid: { type: 'Agent', id: 'bot' }, attrs: {}, parents: [] },
    { uid: { type: 'Group', id: 'leads' }, attrs: {}, parents: [] },
    { uid: { type: 'Group', id: 'heads' }, attrs: {}, parents: [] },
    { uid: { type: 'Group', id: 'on-call' }, attrs: {}, parents: [] },
    { uid: { type: 'Role', id: 'auditor' }, attrs: { title: 'Auditor' }, parents: [] },
    { uid: { type: 'Role', id: 'buyer' }, attrs: { title: 'Buyer' }, parents: [] },
    { uid: { type: 'Role', id: 'hidden' }, attrs: { title: 'Hidden' }, parents: [] },
  ]),
  'access.yaml': `
templates:
  lead:
    ask: ['Group::"leads"']
    escalate: [{ after: 15m, ask: ['Group::"heads"'] }]
    expires: 1h
  two-eyes:
    ask: ['Group::"leads"']
    quorum: 2
`,
};

export const accessBundle = (more: Readonly<Record<string, string>> = {}): string =>
  bundleOf({ ...ACCESS_FILES, ...more });
