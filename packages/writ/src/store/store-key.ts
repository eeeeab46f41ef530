import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { StoreKeyError } from './errors.js';

/** A column whose values are wrapped: each with the id of its row, so that no value can take the place of another. */
export interface WrappedColumn {
  readonly table: string;
  /** The column that identifies a row. */
  readonly id: string;
  readonly column: string;
}

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The form of a wrapped value: `w1.`, the id of the key, and nonce, ciphertext and tag in base64url. */
const WRAPPED = /^w1\.([0-9a-f]{16})\.([\w-]+)$/;

/**
 * The key that the secrets of a store are wrapped with (AES-256-GCM). It is not in the store: a copy of the store alone
 * signs nothing and opens nothing.
 */
export class StoreKey {
  /** Derived from the key; it says which key a value needs, and nothing of the key. */
  readonly id: string;

  /** @param secret 32 bytes */
  constructor(readonly secret: Uint8Array) {
    if (secret.length !== KEY_BYTES) throw new StoreKeyError(`a key of a store has ${KEY_BYTES} bytes`);
    this.id = createHmac('sha256', secret).update('writ store key').digest('hex').slice(0, 16);
  }

  /** Returns a value as the store has it. */
  wrap(value: string | Uint8Array, { table, column }: WrappedColumn, id: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.secret, nonce).setAAD(placeOf(table, column, id));
    const data = Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    return `w1.${this.id}.${data.toString('base64url')}`;
  }

  /**
   * Returns a value of the store in the clear.
   *
   * @throws {StoreKeyError} if it is not wrapped, was wrapped with another key, for another row, or was changed
   */
  unwrap(wrapped: string | Uint8Array, { table, column }: WrappedColumn, id: string): Buffer {
    const text = typeof wrapped === 'string' ? wrapped : Buffer.from(wrapped).toString('latin1');
    const [, keyId, data = ''] = WRAPPED.exec(text) ?? [];
    const where = `${table}.${column} of ${id}`;
    if (keyId === undefined)
      throw new StoreKeyError(`${where} is not wrapped`, 'something other than Writ wrote it: restore a copy');
    if (keyId !== this.id)
      throw new StoreKeyError(`${where} needs the store key ${keyId}, and this is ${this.id}`, 'bring back that key');
    const bytes = Buffer.from(data, 'base64url');
    try {
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', this.secret, nonce, { authTagLength: TAG_BYTES })
        .setAAD(placeOf(table, column, id))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new StoreKeyError(`${where} was changed, or is of another row`, 'restore a copy of the store', { cause });
    }
  }
}

/** Returns whether a value is wrapped, with whatever key. */
export function isWrapped(value: string | Uint8Array): boolean {
  return WRAPPED.test(typeof value === 'string' ? value : Buffer.from(value).toString('latin1'));
}

function placeOf(table: string, column: string, id: string): Buffer {
  return Buffer.from(JSON.stringify([table, column, id]));
}
