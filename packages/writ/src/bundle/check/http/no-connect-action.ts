import type { Rule } from '../rule.js';

/** Tunnels without an action that they are decided on as: each is denied. */
export const noConnectAction: Rule = {
  code: 'http/no-connect-action',
  check({ settings: { http }, schema }, find) {
    if (http.egress === undefined) return;
    if (schema.action({ type: 'Action', id: 'connect' })?.resourceTypes.has('Host') === true) return;
    find
      .in('writ.yaml')
      .warning(
        'the schema has no action connect on a Host: every tunnel is denied',
        'declare them: entity Host { port?: Long }; action connect appliesTo { principal: [Agent], resource: [Host] };',
        ['http', 'egress'],
      );
  },
};
