import { connect } from 'node:net';

/** Sends bytes as they are and gives the status line of each answer. */
export function sendRaw(url: string, text: string | Buffer, timeoutMs = 2_000): Promise<string[]> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (data) => {
      answer += String(data);
    });
    for (const end of ['close', 'error'] as const) {
      socket.once(end, () =>
        resolve([...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status as string)),
      );
    }
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.write(text);
  });
}
