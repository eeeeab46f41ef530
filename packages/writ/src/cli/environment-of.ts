/** Returns the environment of a bundle, from --env or WRIT_ENV; undefined if neither is set. */
export function environmentFrom(flag: string | undefined): string | undefined {
  const name = flag ?? process.env.WRIT_ENV;
  return name === '' ? undefined : name;
}
