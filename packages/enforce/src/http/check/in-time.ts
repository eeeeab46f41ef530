/**
 * Returns what an asynchronous function makes in time.
 *
 * @param onLate receives what comes later
 * @throws {Error} if it is late; the error of the function, if it fails
 */
export async function inTime<T>(ms: number, make: () => Promise<T>, onLate: (late: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  // A function that throws at once is caught as one that fails later.
  const making = Promise.resolve().then(make);
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no decision was made in ${ms} ms`));
      making.then(onLate).catch(() => undefined);
    }, ms);
  });
  try {
    return await Promise.race([making, late]);
  } finally {
    clearTimeout(timer);
  }
}
