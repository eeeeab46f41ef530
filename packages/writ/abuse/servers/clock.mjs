// Moves the clock of a process: preloaded by NODE_OPTIONS, it adds the milliseconds in a file to the time of day. The monotonic clock
// (performance.now, timers) continues, as it does when the clock of a machine is set.
import { readFileSync } from 'node:fs';

const file = process.env.ABUSE_CLOCK;
const RealDate = Date;
let [offset, looked] = [0, -1_000];
const now = () => {
  if (performance.now() - looked > 20) {
    looked = performance.now();
    try {
      offset = Number(readFileSync(file, 'utf8'));
    } catch {
      offset = 0;
    }
  }
  return RealDate.now() + offset;
};
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
};
