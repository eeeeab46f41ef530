import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../alive.js';
import type { Attack, Held } from '../attack.js';
import { PLAIN } from '../bundles.js';
import { ran, rest } from '../processes.js';
import type { Service } from '../service.js';
import type { World } from '../world.js';

/** F17: the disk is full. A small file system in memory is filled; only root can mount one, so others do not try these. */

const KIND = 'full disk';

interface OnSmallDisk {
  readonly service: Service;
  fill(): Promise<void>;
  free(): void;
}

async function onSmallDisk(world: World): Promise<OnSmallDisk> {
  const disk = world.folder('disk');
  const mounted = await ran('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=700', 'tmpfs', disk]);
  if (mounted.code !== 0) throw new Error(`no file system could be mounted: ${mounted.out}`);
  world.onEnd(() => ran('umount', ['-l', disk]));
  const service = await world.fresh(PLAIN, { data: join(disk, 'data') });
  const ballast = join(disk, 'ballast');
  return {
    service,
    async fill() {
      await ran('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64k']);
      // The files that Writ has may have room left; what is written now uses it up.
      for (let i = 0; i < 60 && (await service.permits({ action: 'write' }, { timeoutMs: 3_000 })); i += 1) {
        await Promise.all(Array.from({ length: 40 }, () => service.permits({ action: 'write' }, { timeoutMs: 3_000 })));
        await ran('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k', 'oflag=append', 'conv=notrunc']);
      }
    },
    free: () => rmSync(ballast, { force: true }),
  };
}

async function decides(world: World): Promise<Held> {
  const { service } = await onSmallDisk(world);
  return unless(await service.permits(), () => 'with room on the disk it does not decide');
}

const revoke = (service: Service, user: string) =>
  service.send(
    'POST',
    '/v1/revocations',
    { kind: 'identity', target: `User::"${user}"`, reason: 'abuse' },
    { as: 'admin' },
  );

const silent: Attack = {
  kind: KIND,
  name: '/readyz says ready while nothing can be recorded',
  finding: 'F17',
  seconds: 150,
  async attack(world) {
    const { service, fill, free } = await onSmallDisk(world);
    await fill();
    if (await service.permits({}, { timeoutMs: 3_000 })) return 'it permits with a full disk';
    if (!(await service.becomes(503, 2_500))) return '/readyz is not 503 within 2 s';
    free();
    for (let i = 0; i < 80; i += 1) {
      if (await service.permits({}, { timeoutMs: 3_000 })) return undefined;
      if (service.ended !== undefined) return unless(service.ended !== 0, () => 'it ended with 0');
      await rest(250);
    }
    return 'it does not decide 20 s after there was room again';
  },
  twin: decides,
};

const revocations: Attack = {
  kind: KIND,
  name: 'a revocation is not taken in, or is lost',
  finding: 'F17',
  seconds: 150,
  async attack(world) {
    const { service, fill, free } = await onSmallDisk(world);
    await fill();
    const { status, text } = await revoke(service, 'eve');
    if (status >= 300) return `the revocation was answered with ${status}: ${text.slice(0, 150)}`;
    free();
    for (let i = 0; i < 80 && !(await service.permits({}, { timeoutMs: 3_000 })); i += 1) await rest(250);
    if (await service.permits({ user: 'eve' })) return 'the revoked identity is permitted when there is room again';
    await rest(500);
    await service.stop();
    const again = await world.again(service);
    return unless(!(await again.permits({ user: 'eve' })), () => 'the revoked identity is permitted after a restart');
  },
  async twin(world) {
    const { service } = await onSmallDisk(world);
    const { status } = await revoke(service, 'eve');
    return unless(status === 201 && !(await service.permits({ user: 'eve' })), () => `with room: ${status}`);
  },
};

const started: Attack = {
  kind: KIND,
  name: 'a start with no room permits before it can record',
  finding: 'F17',
  seconds: 150,
  async attack(world) {
    const { service, fill } = await onSmallDisk(world);
    await service.stop();
    await fill();
    const again = await world.startsAgain(service, { readyMs: 6_000 }).catch(() => undefined);
    return unless(again === undefined || !(await again.permits({}, { timeoutMs: 3_000 })), () => 'it permits');
  },
  twin: decides,
};

export const DISK: readonly Attack[] = process.getuid?.() === 0 ? [silent, revocations, started] : [];
