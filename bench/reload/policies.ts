/** A bundle of as many policies as are asked for; none of them permits reading. */

export const SCHEMA = `
entity Team;
entity User in [Team] { dept: String };
entity Doc { size: Long };
action read, edit appliesTo { principal: [User], resource: [Doc], context: { hour?: Long } };
`;

/** Of three policies one is about a user, one about a team, one about a document. */
export function policies(count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const id = `@id("p${i}") `;
    if (i % 3 === 0)
      return `${id}permit(principal == User::"u${i}", action == Action::"edit", resource) when { resource.size < ${i} };`;
    if (i % 3 === 1)
      return `${id}permit(principal in Team::"t${i}", action == Action::"edit", resource) when { principal.dept == "d${i}" };`;
    return `${id}forbid(principal, action == Action::"edit", resource == Doc::"d${i}") when { context has hour && context.hour > ${i % 24} };`;
  }).join('\n');
}
