import { z } from 'zod';
import type { Bundle } from '../../bundle/bundle.js';
import { readYaml } from '../../bundle/read-yaml.js';
import type { Place } from './policy-places.js';

/** The places of the tests of a bundle and of their steps. Each file is read once. */
export class TestPlaces {
  private readonly files = new Map<string, ReturnType<typeof readYaml>['pathOf']>();

  constructor(private readonly bundle: Pick<Bundle, 'texts'>) {}

  /** Returns the place of a test, or of a step of it. Numbers count from 0. */
  placeOf(file: string, test: number, step?: number): Place {
    let pathOf = this.files.get(file);
    if (pathOf === undefined) {
      ({ pathOf } = readYaml(file, this.bundle.texts, z.unknown(), {}));
      this.files.set(file, pathOf);
    }
    const ofTest = pathOf(['tests', test]);
    const place = step === undefined ? ofTest : (pathOf(['tests', test, 'steps', step]) ?? ofTest);
    return { file, ...(place ?? { line: 1, column: 1 }) };
  }
}
