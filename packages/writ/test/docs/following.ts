import { afterAll, beforeAll, expect } from 'vitest';
import { FollowedDocument } from './followed-document.js';
import { makeWorld, type World } from './world.js';

/** A world whose folder is the working folder, and the home, of the tests of a file. */
export interface Following {
  readonly world: World;
  /** Follows a document: `follow` runs its commands, and none may be left. */
  follow(file: string, follow: (page: FollowedDocument) => Promise<void>): Promise<void>;
}

/** Makes a world before the tests of a file, and takes it away after them. */
export function followingHere(): () => Following {
  let world: World;
  const here = process.cwd();
  const { HOME } = process.env;
  beforeAll(async () => {
    world = await makeWorld();
    process.env.HOME = world.folder;
    process.chdir(world.folder);
  });
  afterAll(async () => {
    process.chdir(here);
    process.env.HOME = HOME;
    await world?.stop();
  });
  return () => ({
    world,
    async follow(file, follow) {
      const page = new FollowedDocument(file, { folder: world.folder, service: world.writ.url });
      await follow(page);
      expect(page.left).toEqual([]);
    },
  });
}
