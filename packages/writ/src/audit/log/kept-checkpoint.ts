import type { Acceptance } from '../state/acceptance.js';
import { verifiedCheckpoint } from '../tlog/checkpoint.js';
import type { Verifier } from '../tlog/note.js';
import { rootOf } from '../tlog/proofs.js';
import { hashTiles, type LogTiles } from './log-tiles.js';

const HELP =
  'an earlier copy of the store was put back, or another program changed it: start on the newest copy. To start on this one: writ start --accept-state REASON, which is recorded';

/**
 * Verifies that the log continues the one that a checkpoint was signed for. The checkpoint was kept outside of the data folder, so
 * a copy of the whole folder from an earlier day does not fit it.
 *
 * @param text the checkpoint, as `writ log checkpoint` prints it
 * @throws {StateError} if the log is shorter, or had other entries
 * @throws {NoteError} if the text is not a checkpoint that is signed with the key of the log
 */
export async function assertContinues(
  tiles: LogTiles,
  log: Verifier,
  text: string | Buffer,
  acceptance: Acceptance,
): Promise<void> {
  const expected = verifiedCheckpoint(text, log);
  const { size } = await tiles.head();
  if (expected.size > size)
    return acceptance.refuse(
      `the log has ${size} entries here, and the expected checkpoint was signed for ${expected.size}: this is an earlier copy`,
      HELP,
    );
  const root = await rootOf(hashTiles(tiles), expected.size);
  if (!root.equals(expected.root))
    acceptance.refuse(
      `the first ${expected.size} of the ${size} entries of the log are not those that the expected checkpoint was signed for`,
      HELP,
    );
}
