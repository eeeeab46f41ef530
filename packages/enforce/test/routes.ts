/** The routes of the shop, as its servers declare them: the exact one before that with a parameter, as OpenAPI has it. */
export const ROUTES: readonly (readonly [method: 'get' | 'post' | 'put' | 'delete', route: string])[] = [
  ['get', '/orders'],
  ['post', '/orders'],
  ['get', '/orders/{id}'],
  ['delete', '/orders/{id}'],
  ['put', '/orders/{id}'],
  ['post', '/orders/{id}/refund'],
  ['get', '/users/me'],
  ['get', '/users/{id}'],
  ['get', '/admin/{id}'],
  ['delete', '/admin/{id}'],
  ['get', '/files/{name}'],
  ['get', '/invoices/{number}'],
  ['get', '/pages/admin/{slug}'],
  ['get', '/pages/{section}/{slug}'],
  ['get', '/search'],
  ['get', '/reports/{id}'],
  ['post', '/notes'],
  ['get', '/events'],
  ['get', '/healthz'],
];

/** Returns a route as most routers have it: `/orders/:id`. */
export function colons(route: string): string {
  return route.replace(/\{(\w+)\}/g, ':$1');
}

/** A request as a server says that it served it. */
export interface Served {
  /** Undefined if no route matched. */
  readonly route: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  /** All values of each name, in order. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

/** Returns a query as a server parsed it, with a list of values for each name. */
export function listed(query: object): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, [value as string | string[]].flat().map(String)]),
  );
}
