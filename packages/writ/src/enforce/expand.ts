/** Replaces `${data}` and `${bundle}` in a setting with the folders that they name. */
export function expand(text: string, bundle: { readonly root: string }, data: string): string {
  return text.replaceAll('${data}', data).replaceAll('${bundle}', bundle.root);
}
