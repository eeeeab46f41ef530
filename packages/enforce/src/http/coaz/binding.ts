/** COAZ-HTTP as data (docs/coaz-http.md): the facts of HTTP that a reader of mappings needs. */
export const HTTP_BINDING = {
  name: 'COAZ-HTTP',
  /** The input variables that mappings of a bundle, and those that a document declares, may name. */
  variables: { bundle: ['request', 'token', 'service'], declared: ['request', 'token', 'service'] },
  /** A mapping without `action.name` has the name of its operation. */
  hasDefaultAction: true,
  /** The member of an operation that declares its mapping. */
  declaration: 'x-authzen-mapping',
  /** The claim that a mapping's `subject.id` has to result in. */
  anchor: 'sub',
} as const;
