/**
 * Runs work every `ms` milliseconds, the first time after `ms`. Runs never
 * overlap: one that is due while another is under way is left out. The timer does not keep the process alive.
 *
 * @param onError called with the error of each run that fails; must not throw
 * @returns a function that stops it and resolves when the run that is under way is over
 */
export function every(
  ms: number,
  work: () => void | Promise<void>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      onError(error);
    }
  };
  const timer = setInterval(() => {
    running ??= run().finally(() => {
      running = undefined;
    });
  }, ms).unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
