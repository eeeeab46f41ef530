import { type Bundle, readBundleFrom } from '../src/bundle/bundle.js';
import type { PolicyPlane } from '../src/decide/plane.js';
import { planeOf } from '../src/decide/plane-of.js';

/** Reads a bundle from texts by their file; there are no files on disk. */
export function bundleFrom(files: Readonly<Record<string, string>>): Bundle {
  const texts = new Map(Object.entries({ 'writ.yaml': 'name: test', ...files }));
  const { bundle, findings } = readBundleFrom({ root: '/', texts, version: 'sha256:test', unread: [] });
  if (bundle === undefined) throw new Error(JSON.stringify(findings));
  return bundle;
}

/** Makes a plane from the texts of a bundle. */
export function planeFrom(files: Readonly<Record<string, string>>): PolicyPlane {
  return planeOf(bundleFrom(files));
}
