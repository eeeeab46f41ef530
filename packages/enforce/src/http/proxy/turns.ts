import type { Duplex } from 'node:stream';

/**
 * Serves the requests of one connection one after the other. A request behind one that was refused is not served: the answer
 * to that one ends the connection.
 */
export class Turns {
  private readonly last = new WeakMap<Duplex, Promise<boolean>>();
  private readonly taken = new WeakMap<Duplex, number>();

  /**
   * Serves a request when those before it are answered.
   *
   * @param serve returns whether the connection takes another request
   */
  take(socket: Duplex, serve: () => Promise<boolean>): void {
    this.taken.set(socket, (this.taken.get(socket) ?? 0) + 1);
    const before = this.last.get(socket);
    const turn = before === undefined ? serve() : before.then((isOpen) => isOpen && serve());
    this.last.set(
      socket,
      turn.finally(() => this.taken.set(socket, (this.taken.get(socket) ?? 1) - 1)),
    );
  }

  /** Returns whether a request of a connection is still under way. */
  isTaken(socket: Duplex): boolean {
    return (this.taken.get(socket) ?? 0) > 0;
  }
}
