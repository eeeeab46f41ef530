import pc from 'picocolors';
import { bundleChecks } from './doctor/bundle.js';
import { clientChecks } from './doctor/clients.js';
import { dataChecks } from './doctor/data.js';
import type { Found } from './doctor/found.js';
import { hookChecks } from './doctor/hooks.js';
import { machineChecks } from './doctor/machine.js';
import { serviceChecks } from './doctor/service.js';
import { environmentFrom } from './environment-of.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson } from './output.js';

export interface DoctorFlags {
  readonly bundle?: string;
  readonly env?: string;
  readonly data: string;
  readonly service: string;
  readonly gateway: string;
  readonly keyFile?: string;
  /** A configuration of Envoy, which is looked at alone. */
  readonly envoy?: string;
  readonly json?: boolean;
}

const MARKS = { ok: pc.green('ok  '), warning: pc.yellow('warn'), wrong: pc.red('bad ') } as const;

/** `writ doctor`: diagnoses the machine, the bundle and its servers, the data folder, the service and the clients. */
export async function doctor(flags: DoctorFlags): Promise<ExitCode> {
  if (flags.envoy !== undefined)
    return (await import('./doctor/envoy.js')).envoyDoctor(flags.envoy, flags.json === true);
  const parts: [string, Found[] | Promise<Found[]>][] = [
    ['machine', machineChecks()],
    ...(flags.bundle === undefined
      ? []
      : ([['bundle', bundleChecks(flags.bundle, flags.data, environmentFrom(flags.env))]] as [
          string,
          Promise<Found[]>,
        ][])),
    ['data', dataChecks(flags.data)],
    ['service', serviceChecks(flags)],
    ['clients', clientChecks()],
    ['hooks', hookChecks()],
  ];
  const found: (Found & { readonly part: string })[] = [];
  for (const [part, checks] of parts) {
    const some = (await checks).map((one) => ({ part, ...one }));
    found.push(...some);
    if (flags.json === true || some.length === 0) continue;
    print(pc.bold(part));
    for (const { level, what, help } of some)
      print(`  ${MARKS[level]} ${what}${help === undefined ? '' : `\n       ${pc.dim(help)}`}`);
  }
  const wrong = found.filter(({ level }) => level === 'wrong').length;
  const warnings = found.filter(({ level }) => level === 'warning').length;
  if (flags.json === true) printJson({ ok: wrong === 0, wrong, warnings, found });
  else
    print(
      `\n${wrong === 0 ? pc.green('well') : pc.red(`${count(wrong, 'thing')} to mend`)}, ${count(warnings, 'warning')}`,
    );
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}
