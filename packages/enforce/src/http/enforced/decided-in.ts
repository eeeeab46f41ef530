import type { ProxyDenial, ProxyPermit } from './permit.js';

/** Returns a decision of the form that it must have. @throws {Error} if it is late or of another form */
export async function decidedIn(
  ms: number,
  decision: Promise<ProxyPermit | ProxyDenial>,
): Promise<ProxyPermit | ProxyDenial> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no decision was made in ${ms} ms`));
      // A permit that comes later is not used, and ends nevertheless.
      decision
        .then((made) => made.permitted === true && made.done({ result: 'not-executed', status: undefined }))
        .catch(() => {});
    }, ms);
  });
  try {
    const made = await Promise.race([decision, late]);
    const isPermit = made?.permitted === true && typeof made.done === 'function';
    const isDenial = made?.permitted === false && DENIALS.has(made.status);
    if (!isPermit && !isDenial) throw new Error('the decision is neither a permit nor a denial');
    return made;
  } finally {
    clearTimeout(timer);
  }
}

const DENIALS: ReadonlySet<unknown> = new Set([401, 403, 429, 503]);
