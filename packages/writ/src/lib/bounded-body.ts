/** Reads a body of at most this many bytes; undefined if it has more. The rest is then not read, and the connection ends. */
export async function boundedBody(body: AsyncIterable<Uint8Array> | null, limit: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    // Leaving the loop ends the connection.
    if (size > limit) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
