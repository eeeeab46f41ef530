import type { Method, Operation } from './service.js';

/**
 * Returns the operations of a service by the text of their template, and the method. Operations of one route, of which the body of a
 * request chooses one, are behind an operation without a name: nothing permits it.
 */
export function byTemplateOf(operations: readonly Operation[]): Map<string, Map<Method, Operation>> {
  const found = new Map<string, Map<Method, Operation>>();
  for (const operation of operations) {
    const { template, method, chosenBy } = operation;
    const methods = found.get(template.text) ?? new Map<Method, Operation>();
    found.set(template.text, methods);
    if (chosenBy === undefined) {
      methods.set(method, operation);
      continue;
    }
    const before = methods.get(method)?.choices?.operations ?? [];
    const choices = { member: chosenBy.member, operations: new Map([...before, [chosenBy.value, operation]]) };
    const { conversation: _1, chosenBy: _2, summary: _3, ...route } = operation;
    methods.set(method, { ...route, name: '', mapping: undefined, choices });
  }
  return found;
}
